/** The simulator's store keeps what every store has to keep, so what is found over it is the engine's doing. */
import { storeConformance } from "../packages/posthaste/src/store/conformance.ts";
import { Disk } from "./disk.ts";
import { MemoryStore } from "./memory-store.ts";

storeConformance("the simulator's store", async () => {
	const disk = new Disk();
	let store = new MemoryStore(disk);
	return {
		store,
		async reopen() {
			await store.close();
			store = new MemoryStore(disk);
			return store;
		},
		remove: () => store.close(),
	};
});
