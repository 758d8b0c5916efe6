-- Warehouses that were made before questions could be void.
ALTER TABLE quiz_catalog ADD COLUMN is_void BOOLEAN;
