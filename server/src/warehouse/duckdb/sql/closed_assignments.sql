-- The assignments that are closed, and since when.
SELECT assignment_id, class_id, quiz_id, closed_at
FROM assignments
WHERE closed_at IS NOT NULL AND class_id IS NOT NULL AND quiz_id IS NOT NULL;
