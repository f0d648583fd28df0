import { messageAddress } from "../../address.ts";
import { doubtOf, type Held } from "../../held.ts";
import { useNames } from "../../hooks/use-names.ts";
import { reasonSentence } from "../../sentences.ts";
import { HeldChoices } from "../messages/HeldActions.tsx";
import { MessageOrigin, titleOf } from "../messages/MessageOrigin.tsx";
import { Link } from "../shell/Link.tsx";
import classes from "./Held.module.css";
import { useFocusHandedOn } from "./use-focus-handed-on.ts";

/** One held delivery: what it is about, why it is held, and what can be decided. */
export function HeldItem({ held: { message, delivery } }: { readonly held: Held }) {
	const item = useFocusHandedOn();
	const recipient = useNames()(delivery.recipient);
	const title = titleOf(message);
	const doubt = doubtOf(delivery);
	return (
		<li ref={item} className={classes.item} data-testid="held-delivery" data-delivery={delivery.id}>
			<div className={classes.text}>
				<Link to={messageAddress(message.id)} className={classes.title}>
					{title}
				</Link>
				<MessageOrigin message={message} recipient={delivery.recipient} className={classes.origin} />
				{delivery.reason !== undefined && <span className={classes.reason}>{reasonSentence(delivery.reason)}</span>}
				{doubt !== undefined && <small className={classes.doubt}>{doubt}</small>}
			</div>
			<HeldChoices delivery={delivery} label={`What to do with “${title}” to ${recipient}`} />
		</li>
	);
}
