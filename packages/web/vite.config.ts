import react from "@vitejs/plugin-react";
import preset from "postcss-preset-mantine";
import { defineConfig } from "vite";

/** Where `npm run dev` finds a running program. */
const program = process.env.POSTHASTE_URL ?? "http://127.0.0.1:7678";

export default defineConfig({
	plugins: [react()],
	css: { postcss: { plugins: [preset()] } },
	server: {
		host: "127.0.0.1",
		proxy: {
			"/v1": { target: program },
			"/demo": { target: program },
			"/mechanisms": { target: program, ws: true },
		},
	},
	build: {
		outDir: "dist",
		emptyOutDir: true,
		rolldownOptions: {
			// Our own packages do nothing when imported, so what the page does not use of them (the schemas,
			// the condition language) stays out of the bundle.
			treeshake: { moduleSideEffects: (id) => !/[\\/](packages[\\/]core|plugins)[\\/]/.test(id) },
			output: {
				codeSplitting: {
					groups: [
						{ name: "react", test: /node_modules[\\/](react|react-dom|scheduler)[\\/]/ },
						{ name: "mantine", test: /node_modules[\\/]@mantine[\\/]/ },
					],
				},
			},
		},
	},
});
