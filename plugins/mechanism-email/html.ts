/** Bodies as HTML that is safe to show: what goes out in mails, and what came in by them. */
import { Marked } from "marked";
import sanitize from "sanitize-html";

/**
 * Longest Markdown, in characters, that is rendered. Rendering time grows with the square of the
 * length for some texts, and nothing else runs meanwhile; longer bodies go out as they were written.
 */
export const markdownLimit = 16 * 1024;

const renderer = new Marked({ gfm: true, async: false });

const box: sanitize.Transformer = (_tag, attributes) => ({
	tagName: "span",
	attribs: {},
	text: "checked" in attributes ? "☑" : "☐",
});

/** Images would tell their server who read the mail and when, so they become links. */
const imageAsLink: sanitize.Transformer = (_tag, { src = "", alt = "" }) => ({
	tagName: "a",
	attribs: { href: src, ...outward },
	text: alt === "" ? src : alt,
});

const outward = { rel: "noopener noreferrer nofollow", target: "_blank" };

const safe: sanitize.IOptions = {
	allowedTags: [
		...["p", "br", "hr", "div", "span", "h1", "h2", "h3", "h4", "h5", "h6", "blockquote", "pre", "code"],
		...[
			"ul",
			"ol",
			"li",
			"dl",
			"dt",
			"dd",
			"strong",
			"b",
			"em",
			"i",
			"u",
			"s",
			"del",
			"ins",
			"mark",
			"sub",
			"sup",
			"kbd",
		],
		...["a", "table", "caption", "thead", "tbody", "tfoot", "tr", "th", "td"],
	],
	allowedAttributes: {
		a: ["href", "title", "rel", "target"],
		ol: ["start"],
		th: ["align", "colspan", "rowspan"],
		td: ["align", "colspan", "rowspan"],
	},
	allowedSchemes: ["http", "https", "mailto", "tel", "xmpp"],
	allowProtocolRelative: false,
	nestingLimit: 50,
	transformTags: { a: sanitize.simpleTransform("a", outward), img: imageAsLink, input: box },
};

/** The HTML without whatever could run, load, hide or restyle anything. */
export function sanitizeHtml(html: string): string {
	return sanitize(html, safe);
}

const entities: Readonly<Record<string, string>> = { "&": "&amp;", "<": "&lt;", ">": "&gt;", '"': "&quot;" };

/** Plain text as HTML: paragraphs and line breaks, nothing interpreted. */
export function textToHtml(text: string): string {
	const escaped = text.replace(/[&<>"]/g, (character) => entities[character] ?? character);
	return escaped
		.split(/(?:\r?\n){2,}/)
		.map((paragraph) => `<p>${paragraph.replace(/\r?\n/g, "<br>\n")}</p>`)
		.join("\n");
}

/** Markdown (GitHub's flavour) as safe HTML; text that is too long or too deeply nested to render stays as written. */
export function markdownToHtml(markdown: string): string {
	if (markdown.length > markdownLimit) {
		return textToHtml(markdown);
	}
	try {
		return sanitizeHtml(renderer.parse(markdown, { async: false }));
	} catch {
		return textToHtml(markdown);
	}
}
