/** An envelope in a hurry. */
export function Brand() {
	return (
		<svg width="30" height="30" viewBox="0 0 32 32" aria-hidden="true" focusable="false">
			<rect width="32" height="32" rx="8" fill="#0b6a5f" />
			<path
				d="M11 10h14v12H11z M11 11l7 6 7-6 M4 13h4 M3 17h5 M5 21h3"
				fill="none"
				stroke="#fff"
				strokeWidth="2"
				strokeLinejoin="round"
				strokeLinecap="round"
			/>
		</svg>
	);
}
