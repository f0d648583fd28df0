import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { markdownLimit, markdownToHtml, sanitizeHtml, textToHtml } from "./html.ts";

const hostile = [
	"<script>x</script>",
	"<img src=x onerror=x>",
	"<svg/onload=x>",
	'<a href="jav&#x09;ascript:x">',
	"[a](javascript:x)",
	"[a](<data:text/html,x>)",
	"<style>*{}</style>",
	"<iframe src=//x>",
	"<math><mi//xlink:href='data:x'>",
	"<form action=x><input name=y>",
	"<noscript><p title='</noscript><img src=x onerror=x>'>",
	"<",
	">",
	'"',
	"'",
	"&lt;",
	"\n\n",
	"`",
	"*",
	"<!--",
	"-->",
	"]]>",
	"</p>",
	"text",
];

/** What no output may have, looked for in tags only: as text such words are harmless. */
function dangers(html: string): readonly string[] {
	const tags = html.match(/<[^>]*>/g) ?? [];
	const danger =
		/^<\/?(script|style|iframe|img|svg|math|form|input|object|embed|link|meta|base|noscript)\b|\son\w+\s*=|\sstyle\s*=|(javascript|data|vbscript)\s*:/i;
	return tags.filter((tag) => danger.test(tag));
}

describe("HTML for mails", () => {
	it("has nothing that runs, loads or restyles, whatever it is made of", () => {
		const text = fc.array(fc.oneof(fc.constantFrom(...hostile), fc.string({ maxLength: 5 })), { maxLength: 20 });
		fc.assert(
			fc.property(text, (parts) => {
				const source = parts.join("");
				for (const html of [sanitizeHtml(source), markdownToHtml(source), textToHtml(source)]) {
					expect(dangers(html)).toEqual([]);
				}
			}),
			{ numRuns: 2000 },
		);
	});

	it("has the dangers to find, were it not sanitised", () => {
		expect(dangers(hostile.join(""))).not.toEqual([]);
	});

	it("keeps plain text whole", () => {
		fc.assert(
			fc.property(fc.string(), (text) => {
				const shown = textToHtml(text)
					.replace(/<[^>]*>/g, "")
					.replace(/&lt;/g, "<")
					.replace(/&gt;/g, ">")
					.replace(/&quot;/g, '"')
					.replace(/&amp;/g, "&");
				expect(shown.replace(/[\r\n]/g, "")).toBe(text.replace(/[\r\n]/g, ""));
			}),
		);
	});

	it("shows Markdown that is nested too deeply, or too long, as it was written", () => {
		expect(markdownToHtml(">".repeat(10_000))).toContain("&gt;&gt;&gt;");
		expect(markdownToHtml(`**bold**${" ".repeat(markdownLimit)}`)).toContain("**bold**");
	});

	it("makes links open apart from the page they stand on", () => {
		expect(markdownToHtml("<https://example.com/>")).toContain('rel="noopener noreferrer nofollow" target="_blank"');
	});
});
