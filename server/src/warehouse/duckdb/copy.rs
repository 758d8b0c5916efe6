//! COPY: from a Redshift-style manifest into a table, with the load history, in one transaction.
//!
//! Owns what makes a repeated load harmless. Does not own which range is loaded when: the room `delivery` does.

use std::time::Instant;

use duckdb::{Connection, Transaction, params};
use url::Url;

use crate::crash;
use crate::lake::{LocalFile, Objects};
use crate::records::columns::Table;
use crate::records::manifest::Manifest;
use crate::records::time::sql_timestamp;
use crate::warehouse::{Load, Loaded, WarehouseError, is_folded};

/// The objects of a load, on this machine.
pub(super) fn fetch(load: &Load, lake: &dyn Objects) -> Result<Vec<LocalFile>, WarehouseError> {
    if load.table.is_none() {
        return Ok(Vec::new());
    }
    let Some(body) = &load.body else { return read_manifest(&load.manifest, lake) };
    let copy = LocalFile::copy_of(body).map_err(|e| WarehouseError::Manifest {
        manifest: load.manifest.to_string(),
        problem: format!("its object cannot be copied for COPY: {e}"),
    })?;
    Ok(vec![copy])
}

/// Whether the load history has exactly this range, or has folded it.
pub(super) fn is_loaded(reader: &Connection, load: &Load) -> Result<bool, duckdb::Error> {
    let sql = "SELECT start_offset, end_offset, object FROM load_history \
               WHERE stream = ? AND shard = ? AND start_offset <= ? AND end_offset >= ?";
    let mut statement = reader.prepare_cached(sql)?;
    let mut rows = statement.query(params![load.stream, load.shard, load.start, load.end])?;
    while let Some(row) = rows.next()? {
        let is_same = (row.get::<_, u64>(0)?, row.get::<_, u64>(1)?) == (load.start, load.end);
        if is_same || is_folded(&row.get::<_, String>(2)?) {
            return Ok(true);
        }
    }
    Ok(false)
}

pub(super) fn load(writer: &mut Connection, load: &Load, objects: &[LocalFile]) -> Result<Loaded, WarehouseError> {
    let tx = writer.transaction()?;
    if is_known(&tx, load)? {
        return Ok(Loaded::Already);
    }
    let began = Instant::now();
    let mut start = load.start;
    if load.is_heartbeats {
        start = take_in_heartbeats(&tx, load, objects)?;
    } else if let Some(table) = &load.table {
        let mut rows = 0;
        for object in objects {
            rows += tx.execute(&copy_statement(table), [object.path().to_string_lossy()])? as u64;
        }
        if rows != load.rows {
            let manifest = load.manifest.to_string();
            let problem = format!("COPY brought {rows} rows instead of {}", load.rows);
            return Err(WarehouseError::Manifest { manifest, problem });
        }
    }
    crash::point("warehouse: after rows");
    write_history(&tx, load, start, began)?;
    crash::point("warehouse: before commit");
    tx.commit()?;
    crash::point("warehouse: after commit");
    Ok(Loaded::Rows(load.rows))
}

/// Puts heartbeats in the place of the stream's earlier ones, and takes the row of those out of the load history. Returns
/// where the row begins that stands for all of them.
fn take_in_heartbeats(tx: &Transaction<'_>, load: &Load, objects: &[LocalFile]) -> Result<u64, WarehouseError> {
    tx.execute("DELETE FROM heartbeats WHERE stream = ?", [&load.stream])?;
    for object in objects {
        let sql = "INSERT INTO heartbeats (stream, record_id, accepted_at) SELECT ?, record_id, accepted_at \
                   FROM read_json(?, format = 'newline_delimited', compression = 'gzip', \
                   columns = {'record_id': 'VARCHAR', 'accepted_at': 'TIMESTAMP'})";
        tx.execute(sql, params![load.stream, object.path().to_string_lossy()])?;
    }
    let before =
        "SELECT start_offset FROM load_history WHERE stream = ? AND shard = ? AND end_offset = ? AND object = ?";
    let before_it = params![load.stream, load.shard, load.start, load.object];
    let start = tx.prepare_cached(before)?.query_map(before_it, |row| row.get::<_, u64>(0))?.next().transpose()?;
    let Some(start) = start else { return Ok(load.start) };
    let sql = "DELETE FROM load_history WHERE stream = ? AND shard = ? AND end_offset = ? AND object = ?";
    tx.execute(sql, params![load.stream, load.shard, load.start, load.object])?;
    Ok(start)
}

/// Whether the load history has the range, by itself or within a row of heartbeats or one that was folded. One that
/// overlaps it otherwise is a mistake that must not pass for either.
fn is_known(tx: &Transaction<'_>, load: &Load) -> Result<bool, WarehouseError> {
    let sql = "SELECT start_offset, end_offset, object FROM load_history \
               WHERE stream = ? AND shard = ? AND start_offset < ? AND end_offset > ?";
    let mut statement = tx.prepare_cached(sql)?;
    let mut known = statement.query(params![load.stream, load.shard, load.end, load.start])?;
    let Some(row) = known.next()? else { return Ok(false) };
    let (start, end): (u64, u64) = (row.get(0)?, row.get(1)?);
    let object: String = row.get(2)?;
    let stands_for_many = is_folded(&object) || (load.is_heartbeats && object == load.object);
    let is_within = stands_for_many && start <= load.start && load.end <= end;
    if (start, end) == (load.start, load.end) || is_within {
        return Ok(true);
    }
    let (stream, shard) = (load.stream.clone(), load.shard.clone());
    Err(WarehouseError::Overlap { stream, shard, start: load.start, end: load.end, known_start: start, known_end: end })
}

fn write_history(tx: &Transaction<'_>, load: &Load, start: u64, began: Instant) -> Result<(), duckdb::Error> {
    let copy_ms = began.elapsed().as_secs_f64() * 1e3;
    tx.prepare_cached(include_str!("sql/insert_load.sql"))?.execute(params![
        load.stream,
        load.shard,
        start,
        load.end,
        load.rows,
        load.object_bytes,
        load.object,
        load.manifest.as_str(),
        copy_ms,
        sql_timestamp(load.now),
        load.checkpoint,
    ])?;
    Ok(())
}

/// DuckDB's way to say `COPY t (…) FROM object JSON 'auto' GZIP`, with the columns spelled out so that nothing is
/// guessed from the data.
fn copy_statement(table: &Table) -> String {
    let names: Vec<String> = table.columns.iter().map(|c| format!("\"{}\"", c.name)).collect();
    let types: Vec<String> = table.columns.iter().map(|c| format!("'{}': '{}'", c.name, c.kind.sql())).collect();
    format!(
        "INSERT INTO {table} ({names}) SELECT {names} FROM read_json(?, format = 'newline_delimited', \
         compression = 'gzip', columns = {{{types}}})",
        table = table.name,
        names = names.join(", "),
        types = types.join(", "),
    )
}

/// The objects that a manifest names.
fn read_manifest(manifest: &Url, lake: &dyn Objects) -> Result<Vec<LocalFile>, WarehouseError> {
    let problem = |problem: String| WarehouseError::Manifest { manifest: manifest.to_string(), problem };
    let file = lake.open(manifest).map_err(problem)?.ok_or_else(|| problem("is not there".to_owned()))?;
    let text = std::fs::read(file.path()).map_err(|e| problem(e.to_string()))?;
    let parsed: Manifest = serde_json::from_slice(&text).map_err(|e| problem(e.to_string()))?;
    let mut objects = Vec::with_capacity(parsed.entries.len());
    for entry in parsed.entries {
        match lake.open(&entry.url).map_err(problem)? {
            Some(object) => objects.push(object),
            None if entry.mandatory => return Err(problem(format!("{} is mandatory and missing", entry.url))),
            None => {}
        }
    }
    if objects.is_empty() {
        return Err(problem("names no object that exists".to_owned()));
    }
    Ok(objects)
}
