import "@mantine/core/styles.css";
import "@mantine/notifications/styles.css";
import "./global.css";
import { MantineProvider } from "@mantine/core";
import { Notifications, notifications } from "@mantine/notifications";
import { MutationCache, QueryClient, QueryClientProvider } from "@tanstack/react-query";
import { StrictMode } from "react";
import { createRoot } from "react-dom/client";
import { App } from "./App.tsx";
import { ApiError } from "./api.ts";
import { theme, variables } from "./theme.ts";

/** What fails without a place of its own on the page is said in the corner. */
const mutationCache = new MutationCache({
	onError: (error, _variables, _context, { meta }) => {
		if (meta?.showsItsErrors !== true) {
			const remedy = error instanceof ApiError ? ` ${error.remedy}` : "";
			notifications.show({ color: "red", title: "That did not work", message: `${error.message}${remedy}` });
		}
	},
});

const client = new QueryClient({
	mutationCache,
	defaultOptions: {
		// The program may well run on this machine, so that being without a network says nothing.
		queries: {
			networkMode: "always",
			staleTime: 10_000,
			retry: (count, error) => count < 2 && error instanceof ApiError && error.passing,
		},
		mutations: { networkMode: "always" },
	},
});

const root = document.getElementById("root");
if (root === null) {
	throw new Error("the page has no root element");
}
createRoot(root).render(
	<StrictMode>
		<MantineProvider theme={theme} cssVariablesResolver={variables} defaultColorScheme="auto">
			<Notifications position="bottom-right" limit={3} />
			<QueryClientProvider client={client}>
				<App />
			</QueryClientProvider>
		</MantineProvider>
	</StrictMode>,
);
