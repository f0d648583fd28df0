/**
 * Paths of fields, as complaints name them: `managers.standard.configurations[0].when`. A key that is
 * not a plain word stands in brackets, as in `users["john.doe"].name`, so that a path can be read back.
 */

export type Path = readonly (string | number)[];

const word = /^[A-Za-z_$][\w$-]*$/;

export function formatPath(path: Path): string {
	let text = "";
	for (const segment of path) {
		if (typeof segment === "number") {
			text += `[${segment}]`;
		} else if (word.test(segment)) {
			text += text === "" ? segment : `.${segment}`;
		} else {
			text += `[${JSON.stringify(segment)}]`;
		}
	}
	return text;
}

const segmentForm = /\[(\d+)\]|\[("(?:[^"\\]|\\.)*")\]|\.?([A-Za-z_$][\w$-]*)/y;

/** The segments of a written path; undefined when it is not one. */
export function parsePath(text: string): Path | undefined {
	const path: (string | number)[] = [];
	let at = 0;
	while (at < text.length) {
		segmentForm.lastIndex = at;
		const match = segmentForm.exec(text);
		if (match === null || (match[3] !== undefined && at > 0 !== match[0].startsWith("."))) {
			return undefined;
		}
		const [all, index, quoted, plain] = match;
		path.push(index !== undefined ? Number(index) : (plain ?? unquote(quoted ?? '""')));
		at += all.length;
	}
	return path;
}

function unquote(quoted: string): string {
	try {
		return String(JSON.parse(quoted));
	} catch {
		return quoted;
	}
}

/** The segments of a JSON pointer (RFC 6901), with the numbers of arrays found by walking the value. */
export function pointerPath(pointer: string, value: unknown): Path {
	const path: (string | number)[] = [];
	let here = value;
	for (const raw of pointer.split("/").slice(1)) {
		const key = raw.replaceAll("~1", "/").replaceAll("~0", "~");
		path.push(Array.isArray(here) ? Number(key) : key);
		here = valueIn(here, key);
	}
	return path;
}

/** What stands at a path within a value; undefined where there is nothing. */
export function valueAt(value: unknown, path: Path): unknown {
	let here = value;
	for (const segment of path) {
		here = valueIn(here, segment);
	}
	return here;
}

function valueIn(value: unknown, key: string | number): unknown {
	return typeof value === "object" && value !== null && Object.hasOwn(value, key)
		? (value as Record<string | number, unknown>)[key]
		: undefined;
}
