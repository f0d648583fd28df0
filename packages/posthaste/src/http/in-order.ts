type Event<Item, Result> =
	| { readonly type: "read"; readonly step: IteratorResult<Item, void> }
	| { readonly type: "done"; readonly result: Result };

/**
 * Works on the items of a source, several at once, and yields the results in the order of the items,
 * each as soon as it can be. Reading stops while `limit` items are being worked on or waited for.
 */
export async function* mapInOrder<Item, Result>(
	source: AsyncGenerator<Item, void>,
	work: (item: Item) => Promise<Result>,
	limit: number,
): AsyncGenerator<Result, void> {
	const underWay: Promise<Event<Item, Result>>[] = [];
	let reading = read<Item, Result>(source);
	let ended = false;
	try {
		while (!ended || underWay.length > 0) {
			const [oldest] = underWay;
			const mayRead = !ended && underWay.length < limit;
			const event = await Promise.race([...(oldest ? [oldest] : []), ...(mayRead ? [reading] : [])]);
			if (event.type === "done") {
				underWay.shift();
				yield event.result;
			} else if (event.step.done === true) {
				ended = true;
			} else {
				underWay.push(handled(work(event.step.value).then((result) => ({ type: "done", result }))));
				reading = read(source);
			}
		}
	} finally {
		await source.return();
	}
}

function read<Item, Result>(source: AsyncGenerator<Item, void>): Promise<Event<Item, Result>> {
	return handled(source.next().then((step) => ({ type: "read", step })));
}

/** A failure is met when its turn comes; until then it must not count as unhandled. */
function handled<T>(promise: Promise<T>): Promise<T> {
	promise.catch(() => {});
	return promise;
}
