-- A table's columns in their order, each with its type. $1: table.
SELECT column_name || ' ' || data_type
FROM information_schema.columns
WHERE table_name = $1
ORDER BY ordinal_position;
