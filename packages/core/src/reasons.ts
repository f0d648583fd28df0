/**
 * The closed sets of reasons. Every mechanism kept or dropped, and every delivery that ended, carries
 * one of these; people see the texts, programs the words.
 */

/** Why a mechanism is not in a policy, or was passed over before an attempt. */
export const policyReasons = {
	"not-in-table": "the recipient's delivery table has no entry for it",
	"no-such-mechanism": "the recipient's table names a mechanism that does not exist",
	disabled: "an operator switched it off",
	inactive: "it is not active now",
	"breaker-open": "it failed too often lately and is resting",
	"quiet-hours": "the recipient has quiet hours",
	"recipient-condition": "the recipient's own condition for it does not hold",
	"condition-failed": "the recipient's own condition for it could not be evaluated",
	"bad-address": "the recipient's entry does not have the address the mechanism needs",
	"not-in-configuration": "the chosen configuration does not name it",
	"cannot-encrypt": "the message is confidential and the mechanism cannot encrypt",
	"no-key": "the message is confidential and the recipient's entry has no public key",
	"body-too-large": "the message is larger than the mechanism carries",
	absent: "fresh presence says that the recipient is not there",
} as const;
export type PolicyReason = keyof typeof policyReasons;

/** Why a mechanism is kept but its attempt is held back. */
export const postponeReasons = {
	"quiet-hours": "the recipient's quiet hours have to end first",
} as const;
export type PostponeReason = keyof typeof postponeReasons;

/** Why a manager was chosen. */
export const selectionReasons = {
	"named-by-sender": "the sender named it",
	rule: "it is the manager of the first selection rule that holds",
	default: "it is the default manager",
} as const;
export type SelectionReason = keyof typeof selectionReasons;

/** Why a delivery came to its state. */
export const settleReasons = {
	accepted: "a mechanism accepted the message, which is all that was asked",
	receipt: "a receipt of the level asked for came",
	acknowledged: "the recipient acknowledged the message",
	"late-receipt": "a receipt of the level asked for came after the delivery had ended",
	"no-mechanism": "no mechanism was left in the delivery policy",
	exhausted: "every attempt was made and none brought what was asked",
	"sender-declined": "the sender answered no",
	"no-answer": "the sender did not answer in time",
	"unknown-outcome": "an attempt's outcome is unknown and nothing else was left to try",
	"message-expired": "the message expired",
	cancelled: "the message was cancelled",
	"no-such-user": "the recipient is no longer in the user database",
	"no-such-manager": "the manager or its configuration can no longer be found",
	"unknown-held": "an attempt's outcome is unknown and the configuration wants a person to decide",
	"manager-failed": "the delivery manager failed or was not deterministic",
	"ended-by-person": "a person ended the held delivery",
} as const;
export type SettleReason = keyof typeof settleReasons;
