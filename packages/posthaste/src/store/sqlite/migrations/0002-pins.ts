/**
 * A delivery may be pinned to a version of an installed manager plugin. Before a version is removed one
 * has to know how many deliveries still run with it, so those that have a pin and are not final stand
 * in an index of their own: `state IN (1, 2, 3)` is routing, waiting and held. Most rows have no pin and
 * cost it nothing.
 */
export const pins = `
ALTER TABLE delivery ADD COLUMN pin TEXT;
CREATE INDEX delivery_pin ON delivery (pin) WHERE pin IS NOT NULL AND state IN (1, 2, 3);
`;
