/** John Smith's devices as the demo page shows and switches them. */
import { PosthasteError } from "@posthaste/core";
import type { FastifyInstance, FastifyReply } from "fastify";
import { type Static, Type } from "typebox";
import type { PosthasteCore } from "../create-posthaste.ts";
import type { Mail, MailServer } from "./mail-server.ts";
import type { Page, PagerTerminal } from "./pager-terminal.ts";

const Switch = Type.Object({ on: Type.Boolean() }, { additionalProperties: false });
const DeviceParams = Type.Object({
	device: Type.Unsafe<"mailbox" | "pager">(Type.String({ enum: ["mailbox", "pager"] })),
});
const PageParams = Type.Object({ page: Type.String() });

export class DemoDevices {
	readonly #mail: MailServer;
	readonly #pager: PagerTerminal;
	readonly #listeners = new Set<FastifyReply>();

	constructor(mail: MailServer, pager: PagerTerminal) {
		this.#mail = mail;
		this.#pager = pager;
	}

	/** Tells the pages that are open to look again. */
	changed(): void {
		for (const { raw } of this.#listeners) {
			raw.write("event: devices\ndata: {}\n\n");
		}
	}

	close(): void {
		for (const { raw } of this.#listeners) {
			raw.end();
		}
		this.#listeners.clear();
	}

	addRoutes(app: FastifyInstance, posthaste: PosthasteCore): void {
		app.get("/demo/devices", () => this.#view());
		app.get("/demo/events", (_request, reply) => this.#listen(reply));
		app.put<{ Params: Static<typeof DeviceParams>; Body: Static<typeof Switch> }>(
			"/demo/devices/:device",
			{ schema: { params: DeviceParams, body: Switch } },
			async ({ params, body }) => {
				await this.#switch(params.device, body.on);
				// The mechanism finds out for itself; asking it now only saves the wait for its next look.
				await posthaste.checkHealth();
				this.changed();
				return this.#view();
			},
		);
		app.post<{ Params: Static<typeof PageParams> }>(
			"/demo/devices/pager/pages/:page/acknowledge",
			{ schema: { params: PageParams } },
			async ({ params }) => {
				if (!this.#pager.acknowledge(params.page)) {
					throw new PosthasteError("not-found", `there is no page ${params.page}`);
				}
				this.changed();
				return this.#view();
			},
		);
	}

	async #switch(device: "mailbox" | "pager", on: boolean): Promise<void> {
		const server = device === "mailbox" ? this.#mail : this.#pager;
		if (server.isOn !== on) {
			await (on ? server.on() : server.off());
		}
	}

	#listen(reply: FastifyReply): void {
		reply.hijack();
		reply.raw.writeHead(200, { "content-type": "text/event-stream", "cache-control": "no-store" });
		reply.raw.write(": open\n\n");
		this.#listeners.add(reply);
		reply.raw.on("close", () => this.#listeners.delete(reply));
	}

	#view(): object {
		return {
			user: "jsmith",
			name: "John Smith",
			im: { mechanism: "im2", inbox: "jsmith" },
			mailbox: { on: this.#mail.isOn, address: "jsmith@example.com", mails: this.#mail.mails().map(viewOfMail) },
			pager: { on: this.#pager.isOn, number: "5551234", pages: this.#pager.pages().map(viewOfPage) },
		};
	}
}

function viewOfMail({ receivedAt, ...mail }: Mail): object {
	return { ...mail, receivedAt: new Date(receivedAt).toISOString() };
}

function viewOfPage({ receivedAt, acknowledgedAt, retractedAt, ...page }: Page): object {
	return {
		...page,
		receivedAt: new Date(receivedAt).toISOString(),
		acknowledged: acknowledgedAt !== undefined,
		retracted: retractedAt !== undefined,
	};
}
