import { expect, test } from "vitest";
import { mailDocument } from "./mail-document.ts";

test("a mail's document forbids fetching before anything of the mail is read", () => {
	const document = mailDocument("<p>Hello</p><img src='https://tracker.example/x.png'>");
	const policy = document.indexOf("default-src 'none'");
	expect(policy).toBeGreaterThan(0);
	expect(policy).toBeLessThan(document.indexOf("<p>Hello</p>"));
});
