/**
 * A mail's HTML as a document for a sandboxed frame: no script runs there anyway, and the policy
 * keeps it from fetching anything, so that opening a mail tells nobody.
 */
const policy = "default-src 'none'; img-src data: cid:; style-src 'unsafe-inline'";

const style =
	"body{margin:10px;font:14px/1.45 system-ui,sans-serif;color:#1b2321;background:#fff;overflow-wrap:anywhere}img{max-width:100%}";

export function mailDocument(html: string): string {
	return [
		"<!doctype html>",
		`<meta http-equiv="Content-Security-Policy" content="${policy}">`,
		'<meta name="referrer" content="no-referrer">',
		'<base target="_blank">',
		`<style>${style}</style>`,
		html,
	].join("\n");
}
