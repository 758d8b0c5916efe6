-- Warehouses that were made before streams came from elsewhere.
ALTER TABLE load_history ADD COLUMN checkpoint VARCHAR(256);
