/**
 * The index on pins no longer speaks of the state: with the state in its condition it was looked at
 * whenever any delivery moved, pinned or not, and that was a tenth of what a move costs. Only
 * deliveries that are not final have a pin now; one that ends gives it up.
 */
export const pinsOfUnfinished = `
DROP INDEX delivery_pin;
UPDATE delivery SET pin = NULL WHERE pin IS NOT NULL AND state NOT IN (1, 2, 3);
CREATE INDEX delivery_pin ON delivery (pin) WHERE pin IS NOT NULL;
`;
