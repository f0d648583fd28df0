/**
 * The one table of error codes. The API answers them as RFC 9457 problem details, the CLI prints them
 * and derives its exit code from the status, and the reference page is generated from this table.
 */
export const errorTable = {
	"invalid-request": {
		status: 400,
		title: "The request is not well formed",
		remedy: "Correct the field that the detail names.",
	},
	"invalid-json": {
		status: 400,
		title: "The body is not JSON",
		remedy: "Send a JSON document; the detail says where it breaks.",
	},
	"empty-body": { status: 400, title: "The message has no body", remedy: "Put some text into `body`." },
	"no-recipients": { status: 400, title: "The message has no recipient", remedy: "Name at least one user in `to`." },
	"unknown-key": {
		status: 400,
		title: "There is a key that Posthaste does not know",
		remedy: "Remove the key, or correct its spelling.",
	},
	"already-expired": {
		status: 400,
		title: "The message would be expired on arrival",
		remedy: "Give `expires` a later moment.",
	},
	"invalid-condition": {
		status: 400,
		title: "A condition is not valid CEL",
		remedy: "Correct the condition at the place that the detail marks.",
	},
	"invalid-settings": {
		status: 400,
		title: "The settings do not fit the plugin",
		remedy: "Correct the setting that the detail names; `posthaste plugins show` lists them.",
	},
	"invalid-address": {
		status: 400,
		title: "The address does not fit the mechanism",
		remedy: "Correct the entry's `address` as the mechanism's schema says.",
	},
	"invalid-configuration": {
		status: 400,
		title: "The configuration is not valid",
		remedy: "Correct the line that the detail names; nothing was applied.",
	},
	"invalid-cursor": {
		status: 400,
		title: "The cursor is not one of ours",
		remedy: "Use the `next` of the page before, unchanged.",
	},
	"not-loopback": {
		status: 400,
		title: "There is no sign-in yet, so only loopback addresses may be listened on",
		remedy: "Listen on 127.0.0.1 or ::1, and put an authenticating proxy in front.",
	},
	"cannot-listen": {
		status: 409,
		title: "The address cannot be listened on",
		remedy: "Stop what listens there, perhaps another Posthaste, or give another address or port with `--listen`.",
	},
	"unknown-recipient": {
		status: 422,
		title: "No such user",
		remedy: "Name users that exist; `posthaste export` lists them.",
	},
	"unknown-manager": {
		status: 422,
		title: "No such delivery manager",
		remedy: "Name a manager that exists, or leave `manager` out.",
	},
	"unknown-mechanism": {
		status: 422,
		title: "No such mechanism",
		remedy: "Define the mechanism first, or correct its name.",
	},
	"unknown-plugin": {
		status: 422,
		title: "No such plugin",
		remedy: "Install the plugin, or correct `use`; `posthaste plugins list` shows what there is.",
	},
	"invalid-plugin": {
		status: 422,
		title: "The package is not a plugin that can be used",
		remedy: "Correct what the detail names; nothing was installed.",
	},
	"plugin-not-fetched": {
		status: 422,
		title: "The plugin's package could not be fetched",
		remedy: "Check the name, folder or address, and the connection to the registry; nothing was installed.",
	},
	"no-manager": {
		status: 422,
		title: "No delivery manager takes this message",
		remedy: "Add a selection rule without a condition, or a default manager.",
	},
	"no-configuration": {
		status: 422,
		title: "No configuration of the manager holds for this message",
		remedy: "Add a configuration without a condition to the manager.",
	},
	"not-found": { status: 404, title: "There is nothing here", remedy: "Check the identifier or the path." },
	"method-not-allowed": {
		status: 405,
		title: "The resource does not take this method",
		remedy: "See /openapi.json for the methods it takes.",
	},
	"already-answered": {
		status: 409,
		title: "The question is no longer open",
		remedy: "Nothing needs doing: it was answered, withdrawn or ran out of time.",
	},
	"already-final": { status: 409, title: "The message has already come to its end", remedy: "Nothing needs doing." },
	"not-held": {
		status: 409,
		title: "The delivery is not held",
		remedy: "Only a held delivery waits for a person's decision.",
	},
	"delivery-held": {
		status: 409,
		title: "The delivery is held and cannot go on by itself",
		remedy:
			"Put its manager's plugin back in the version that the detail names, and answer or decide again: what was asked stays " +
			"open. Or end the delivery: `posthaste resolve DELIVERY end`.",
	},
	"idempotency-conflict": {
		status: 409,
		title: "The Idempotency-Key was used for another request",
		remedy: "Use a new key for a new message.",
	},
	"managed-by-file": {
		status: 409,
		title: "A watched file defines this",
		remedy: "Change the file at the line that the detail names.",
	},
	"in-use": {
		status: 409,
		title: "Something else still refers to this",
		remedy: "Change what refers to it first; the detail names it.",
	},
	"plugin-version-exists": {
		status: 409,
		title: "This version of the plugin is installed with other content",
		remedy: "Raise the version in the plugin and its package.json: deliveries under way depend on what a version does.",
	},
	"data-in-use": {
		status: 409,
		title: "Another Posthaste uses the data folder",
		remedy: "Stop that one, or name another folder with --data.",
	},
	"newer-schema": {
		status: 409,
		title: "A newer Posthaste wrote the database",
		remedy: "Start that version again, or restore a backup that was made before the upgrade.",
	},
	"file-exists": {
		status: 409,
		title: "There is a file already",
		remedy: "Name another place, or say --force; `restore` then keeps the database that was there aside.",
	},
	"revision-conflict": {
		status: 412,
		title: "It was changed in the meantime",
		remedy: "Read it again and repeat the change with the new ETag.",
	},
	"too-large": { status: 413, title: "The message is too large", remedy: "Shorten it; the detail names the limit." },
	"unsupported-media-type": {
		status: 415,
		title: "The content type is not supported",
		remedy: "Send application/json, or application/x-ndjson to the batch.",
	},
	overloaded: {
		status: 503,
		title: "Posthaste is at its limit",
		remedy: "Repeat the request after the time in Retry-After.",
	},
	"disk-full": {
		status: 503,
		title: "There is no room left on the disk",
		remedy: "Make room on the disk that the detail names; Posthaste goes on by itself. Then repeat the request.",
	},
	"disk-failed": {
		status: 503,
		title: "The disk reports an error or takes no writes",
		remedy:
			"Look at the disk that the detail names: is it mounted read-only, may Posthaste's user write there, is it healthy? " +
			"Posthaste goes on by itself once it can write.",
	},
	"database-damaged": {
		status: 503,
		title: "The database is damaged",
		remedy:
			"Stop Posthaste and restore a backup: `posthaste restore FILE --data FOLDER --force`, which keeps the damaged one aside.",
	},
	"store-failed": {
		status: 503,
		title: "The store failed",
		remedy: "Repeat the request; if it fails again, restart Posthaste and report this with the log.",
	},
	closing: { status: 503, title: "Posthaste is shutting down", remedy: "Repeat the request when it is back." },
	internal: {
		status: 500,
		title: "Posthaste failed",
		remedy: "Report this with the log around the instance's identifier.",
	},
} as const satisfies Record<string, { status: number; title: string; remedy: string }>;

export type ErrorCode = keyof typeof errorTable;

/** One thing wrong in a document: where, what, and the remedy where one is known. */
export interface Complaint {
	/** Path of the field, as in `managers.standard.configurations[0].when`. */
	readonly field: string;
	readonly message: string;
	readonly file?: string;
	/** From 1. */
	readonly line?: number;
	/** From 1. */
	readonly column?: number;
	/** The line's text with a caret below the place. */
	readonly excerpt?: string;
}

/** An RFC 9457 problem document. */
export interface Problem {
	readonly type: string;
	readonly title: string;
	readonly status: number;
	readonly detail: string;
	readonly code: ErrorCode;
	readonly remedy: string;
	readonly errors?: readonly Complaint[];
}

/** Every error that Posthaste answers on purpose. */
export class PosthasteError extends Error {
	readonly code: ErrorCode;
	readonly complaints: readonly Complaint[];

	constructor(code: ErrorCode, detail: string, complaints: readonly Complaint[] = []) {
		super(detail);
		this.name = "PosthasteError";
		this.code = code;
		this.complaints = complaints;
	}

	get status(): number {
		return errorTable[this.code].status;
	}

	toProblem(): Problem {
		const { status, title, remedy } = errorTable[this.code];
		return {
			type: `urn:posthaste:error:${this.code}`,
			title,
			status,
			detail: this.message,
			code: this.code,
			remedy,
			...(this.complaints.length > 0 && { errors: this.complaints }),
		};
	}
}
