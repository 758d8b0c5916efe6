-- Warehouses that were made before records said who put them.
ALTER TABLE quiz_answers ADD COLUMN producer VARCHAR(36);
