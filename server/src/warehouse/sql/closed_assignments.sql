-- The assignments that are closed, and since when.
SELECT assignment_id, closed_at FROM assignments WHERE closed_at IS NOT NULL;
