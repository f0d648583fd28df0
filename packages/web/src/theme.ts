import { type CSSVariablesResolver, createTheme, type MantineColorsTuple } from "@mantine/core";

/** The accent: a deep pine green, quiet enough for a page that is looked at all day. */
const pine: MantineColorsTuple = [
	"#e9f5f2",
	"#d0e9e3",
	"#a4d4ca",
	"#77beb0",
	"#52ab9b",
	"#349684",
	"#187d6d",
	"#0b6a5f",
	"#08564d",
	"#05423b",
];

/** Greys with a breath of the accent in them, light to dark. */
const gray: MantineColorsTuple = [
	"#f7f8f6",
	"#eff1ee",
	"#e4e7e3",
	"#d6dad5",
	"#c2c8c3",
	"#8d9691",
	"#535d58",
	"#46504c",
	"#2f3835",
	"#1b2321",
];

/** Text first, ground last, as Mantine orders its dark colours. */
const dark: MantineColorsTuple = [
	"#e5ebe8",
	"#c4ceca",
	"#9fada7",
	"#7d8b85",
	"#3b4642",
	"#2c3532",
	"#232b29",
	"#1a201e",
	"#121716",
	"#0c100f",
];

const sans =
	'-apple-system, BlinkMacSystemFont, "Segoe UI", Inter, Roboto, Ubuntu, Cantarell, "Noto Sans", "Liberation Sans", system-ui, sans-serif';
const mono =
	'ui-monospace, "SF Mono", "Cascadia Mono", "JetBrains Mono", "Noto Sans Mono", Menlo, Consolas, "Liberation Mono", monospace';

export const theme = createTheme({
	colors: { pine, gray, dark },
	primaryColor: "pine",
	primaryShade: { light: 7, dark: 6 },
	black: "#1b2321",
	fontFamily: sans,
	fontFamilyMonospace: mono,
	headings: { fontFamily: sans, fontWeight: "650" },
	defaultRadius: "md",
	radius: { xs: "3px", sm: "5px", md: "8px", lg: "12px", xl: "20px" },
	cursorType: "pointer",
	focusRing: "auto",
	respectReducedMotion: true,
});

/** Placeholders and errors are to be read as well as anything else. */
const readable = {
	"--mantine-color-placeholder": "var(--ph-dim)",
	"--mantine-color-dimmed": "var(--ph-dim)",
	"--mantine-color-error": "var(--ph-bad)",
};

export const variables: CSSVariablesResolver = () => ({
	variables: {},
	light: { ...readable, "--mantine-color-pine-light-hover": "#dbece8" },
	dark: { ...readable, "--mantine-color-pine-light-hover": "#22403a" },
});
