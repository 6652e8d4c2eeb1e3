-- What is not derived from bronze goes along: what people decided about quarantined records, and the current attributes
-- of the members, whose keys both sides share.
SELECT 1
