import { ActionIcon, type MantineColorScheme, Menu, useMantineColorScheme } from "@mantine/core";
import { IconDeviceDesktop, IconMoon, IconSun } from "@tabler/icons-react";

const schemes = [
	{ value: "auto", label: "As the system", Icon: IconDeviceDesktop },
	{ value: "light", label: "Light", Icon: IconSun },
	{ value: "dark", label: "Dark", Icon: IconMoon },
] as const satisfies readonly { value: MantineColorScheme; label: string; Icon: typeof IconSun }[];

export function ColourScheme() {
	const { colorScheme, setColorScheme } = useMantineColorScheme();
	const current = schemes.find(({ value }) => value === colorScheme) ?? schemes[0];
	return (
		<Menu position="bottom-end" width={180}>
			<Menu.Target>
				<ActionIcon variant="default" size="lg" aria-label={`Colours: ${current.label}`}>
					<current.Icon size={18} aria-hidden />
				</ActionIcon>
			</Menu.Target>
			<Menu.Dropdown>
				{schemes.map(({ value, label, Icon }) => (
					<Menu.Item
						key={value}
						leftSection={<Icon size={16} aria-hidden />}
						role="menuitemradio"
						aria-checked={value === colorScheme}
						onClick={() => setColorScheme(value)}
					>
						{label}
					</Menu.Item>
				))}
			</Menu.Dropdown>
		</Menu>
	);
}
