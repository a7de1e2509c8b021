import { Counter, Gauge, Histogram, type Registry, Summary } from 'prom-client'
import type { BucketCounts } from './block/chunk-counts.ts'
import type { Db } from './db.ts'
import { DISK_STATES, STORING_PARTS } from './storage-health.ts'

// Names and meanings of Prometheus' tsdb/head.go, tsdb/db.go and tsdb/wlog/wlog.go, where ours mean the same.

/** Where a database reports what took how long, in seconds. */
export interface DbObservers {
  /** An fsync of the log. */
  sync(seconds: number): void
  /** A window that became a block, or blocks that became one. */
  cut(seconds: number): void
  /** Blocks written anew without what was deleted of them. */
  tombstonesCleaned(seconds: number): void
  /** A sample that its series had gone past, taken or not: so far behind the newest of all. */
  late(seconds: number): void
}

/** Registers what /metrics says of a database. */
export function registerDbMetrics(registry: Registry, db: Db): DbObservers {
  const registers = [registry]
  const finite = (value: number) => (Number.isFinite(value) ? value : 0)
  const gauge = (name: string, help: string, read: () => number) => {
    new Gauge({
      name,
      help,
      registers,
      collect() {
        this.set(read())
      },
    })
  }
  const counter = (name: string, help: string, read: () => number) => {
    new Counter({
      name,
      help,
      registers,
      collect() {
        this.reset()
        this.inc(read())
      },
    })
  }
  const counterByType = (name: string, help: string, read: () => { readonly float: number; readonly histogram: number }) => {
    new Counter({
      name,
      help,
      registers,
      labelNames: ['type'],
      collect() {
        const { float, histogram } = read()
        this.reset()
        this.inc({ type: 'float' }, float)
        this.inc({ type: 'histogram' }, histogram)
      },
    })
  }

  gauge('prometheus_tsdb_head_series', 'Total number of series in the head block.', () => db.stats().activeSeries)
  gauge('prometheus_tsdb_head_chunks', 'Total number of chunks in the head block.', () => db.stats().chunkCount)
  gauge('prometheus_tsdb_head_min_time', 'Minimum time bound of the head block. The unit is decided by the library consumer.', () =>
    finite(db.stats().minTime),
  )
  gauge('prometheus_tsdb_head_max_time', 'Maximum timestamp of the head block. The unit is decided by the library consumer.', () =>
    finite(db.stats().maxTime),
  )
  gauge('prometheus_tsdb_head_min_time_seconds', 'Minimum time bound of the head block.', () => finite(db.stats().minTime) / 1000)
  gauge('prometheus_tsdb_head_max_time_seconds', 'Maximum timestamp of the head block.', () => finite(db.stats().maxTime) / 1000)
  gauge(
    'prometheus_tsdb_lowest_timestamp',
    'Lowest timestamp value stored in the database. The unit is decided by the library consumer.',
    () => finite(db.stats().lowestTime),
  )
  gauge(
    'prometheus_tsdb_lowest_timestamp_seconds',
    'Lowest timestamp value stored in the database.',
    () => finite(db.stats().lowestTime) / 1000,
  )
  gauge('prometheus_tsdb_retention_limit_seconds', 'How long to retain samples in storage.', () => db.retention.timeMs / 1000)
  gauge(
    'prometheus_tsdb_retention_limit_bytes',
    'Max number of bytes to be retained in the tsdb blocks, configured 0 means disabled',
    () => db.retention.sizeBytes,
  )
  gauge(
    'prometheus_tsdb_retention_limit_percentage',
    'Max percentage of total storage space to be retained in the tsdb blocks, configured 0 means disabled',
    () => db.retention.percentage,
  )
  gauge('prometheus_tsdb_blocks_loaded', 'Number of currently loaded data blocks', () => db.stats().blockCount)
  gauge(
    'prometheus_tsdb_storage_blocks_bytes',
    'The number of bytes that are currently used for local storage by all blocks.',
    () => db.stats().blockBytes,
  )
  counter('prometheus_tsdb_reloads_total', 'Number of times the database reloaded block data from disk.', () => db.counters().blockLoads)
  counter(
    'prometheus_tsdb_reloads_failures_total',
    'Number of times the database failed to reloadBlocks block data from disk.',
    () => db.counters().blockLoadFailures,
  )
  counter(
    'promontory_tsdb_blocks_quarantined_total',
    'Blocks that were damaged and set aside at the start.',
    () => db.counters().blocksQuarantined,
  )
  gauge(
    'promontory_tsdb_blocks_left_out',
    'Blocks that are there and cannot be read now: answers are without them. They are tried again.',
    () => db.leftOutBlocks().length,
  )
  counter(
    'prometheus_tsdb_compactions_triggered_total',
    'Total number of triggered compactions for the partition.',
    () => db.counters().cutsBegun + db.counters().compactionsBegun,
  )
  counter(
    'prometheus_tsdb_compactions_total',
    'Total number of compactions that were executed for the partition.',
    () => db.counters().cuts + db.counters().compactions,
  )
  counter(
    'prometheus_tsdb_compactions_failed_total',
    'Total number of compactions that failed for the partition.',
    () => db.counters().cutsFailed + db.counters().compactionsFailed,
  )
  counter('prometheus_tsdb_compactions_skipped_total', 'Total number of skipped compactions due to disabled auto compaction.', () => 0)
  gauge('prometheus_tsdb_compaction_populating_block', 'Set to 1 when a block is currently being written to the disk.', () =>
    Number(db.counters().isCompacting),
  )
  const { sizeBytes, samples, rangeMs } = db.chunkCounts
  registerBuckets(registry, 'prometheus_tsdb_compaction_chunk_size_bytes', 'Final size of chunks on their first compaction', sizeBytes)
  registerBuckets(registry, 'prometheus_tsdb_compaction_chunk_samples', 'Final number of samples on their first compaction', samples)
  registerBuckets(
    registry,
    'prometheus_tsdb_compaction_chunk_range_seconds',
    'Final time range of chunks on their first compaction',
    rangeMs,
  )
  counter(
    'prometheus_tsdb_vertical_compactions_total',
    'Total number of compactions done on overlapping blocks.',
    () => db.counters().verticalCompactions,
  )
  counter(
    'prometheus_tsdb_time_retentions_total',
    'The number of times that blocks were deleted because the maximum time limit was exceeded.',
    () => db.counters().timeRetentions,
  )
  counter(
    'prometheus_tsdb_size_retentions_total',
    'The number of times that blocks were deleted because the maximum number of bytes was exceeded.',
    () => db.counters().sizeRetentions,
  )
  gauge('prometheus_tsdb_wal_storage_size_bytes', 'Size of the write log directory.', () => db.stats().logBytes)
  gauge(
    'prometheus_tsdb_wal_segment_current',
    'Write log segment index that TSDB is currently writing to.',
    () => db.counters().currentSegment,
  )
  gauge('promontory_tsdb_windows', 'Block ranges held in memory.', () => db.stats().windowCount)
  gauge('promontory_tsdb_memory_bytes', 'Memory in slabs: labels, postings, chunks of all windows.', () => db.stats().memoryBytes)
  gauge('promontory_tsdb_replay_segments_done', 'Log segments read since the start.', () => db.replayStatus().segmentsDone)
  gauge('promontory_tsdb_replay_segments', 'Log segments there were to read at the start.', () => db.replayStatus().segmentsTotal)

  counterByType('prometheus_tsdb_head_samples_appended_total', 'Total number of appended samples.', () => ({
    float: db.counters().floatsAppended,
    histogram: db.counters().histogramsAppended,
  }))
  counter(
    'prometheus_tsdb_checkpoint_creations_total',
    'Total number of checkpoint creations attempted.',
    () => db.counters().checkpointsBegun,
  )
  counter(
    'prometheus_tsdb_checkpoint_creations_failed_total',
    'Total number of checkpoint creations that failed.',
    () => db.counters().checkpointsFailed,
  )
  counter(
    'prometheus_tsdb_checkpoint_deletions_total',
    'Total number of checkpoint deletions attempted.',
    () => db.counters().checkpointsRemoved,
  )
  gauge('promontory_tsdb_checkpoint_size_bytes', 'Size of the newest checkpoint.', () => db.counters().checkpointBytes)
  gauge('prometheus_tsdb_data_replay_duration_seconds', 'Time taken to replay the data on disk.', () => db.recovery()?.seconds ?? 0)
  counter('prometheus_tsdb_head_series_created_total', 'Total number of series created in the head', () => db.counters().seriesCreated)
  counter('prometheus_tsdb_head_series_removed_total', 'Total number of series removed in the head', () => db.counters().seriesRemoved)
  counterByType(
    'prometheus_tsdb_out_of_order_samples_total',
    'Total number of out of order samples ingestion failed attempts due to out of order being disabled.',
    () => db.counters().outOfOrder,
  )
  counterByType(
    'prometheus_tsdb_out_of_bound_samples_total',
    'Total number of out of bound samples ingestion failed attempts with out of order support disabled.',
    () => db.counters().tooOld,
  )
  counterByType(
    'prometheus_tsdb_too_old_samples_total',
    'Total number of out of order samples ingestion failed attempts with out of support enabled, but sample outside of time window.',
    () => db.counters().tooLate,
  )
  counterByType(
    'prometheus_tsdb_head_out_of_order_samples_appended_total',
    'Total number of appended out of order samples.',
    () => db.counters().lateAppended,
  )
  counterByType(
    'promontory_tsdb_duplicate_samples_total',
    'Samples refused because their series has another value at the same time.',
    () => db.counters().duplicate,
  )
  counter('prometheus_tsdb_wal_corruptions_total', 'Total number of WAL corruptions.', () => db.counters().corruptions)
  counter('prometheus_tsdb_wal_writes_failed_total', 'Total number of write log writes that failed.', () => db.counters().writeFailures)
  counter(
    'promontory_tsdb_commits_refused_total',
    'Batches of samples that were not taken because the disk did not do.',
    () => db.counters().commitsRefused,
  )
  new Gauge({
    name: 'promontory_tsdb_storage_state',
    help: 'What the disk does for the log, without which no samples are taken, and for blocks; 1 for the state that holds.',
    labelNames: ['part', 'state'],
    registers,
    collect() {
      for (const part of STORING_PARTS) for (const state of DISK_STATES) this.set({ part, state }, db.health.state(part) === state ? 1 : 0)
    },
  })
  counter('promontory_tsdb_wal_fsyncs_failed_total', 'Fsyncs of the write-ahead log that failed.', () => db.counters().syncFailures)
  counter(
    'promontory_tsdb_wal_lost_samples_total',
    'Samples in the log whose series record was lost.',
    () => db.replayReport()?.samplesLost ?? 0,
  )

  counter('prometheus_tsdb_exemplar_exemplars_appended_total', 'Total number of appended exemplars.', () => db.counters().exemplarsAppended)
  counter(
    'prometheus_tsdb_exemplar_out_of_order_exemplars_total',
    'Total number of out of order exemplar ingestion failed attempts.',
    () => db.counters().exemplarsOutOfOrder,
  )
  gauge(
    'prometheus_tsdb_exemplar_exemplars_in_storage',
    'Number of exemplars currently in circular storage.',
    () => db.counters().exemplarCount,
  )
  gauge(
    'prometheus_tsdb_exemplar_series_with_exemplars_in_storage',
    'Number of series with exemplars currently in circular storage.',
    () => db.counters().exemplarSeriesCount,
  )
  gauge(
    'prometheus_tsdb_exemplar_last_exemplars_timestamp_seconds',
    'The timestamp of the oldest exemplar stored in circular storage.',
    () => (db.counters().oldestExemplarTime ?? 0) / 1000,
  )
  gauge(
    'prometheus_tsdb_exemplar_max_exemplars',
    'Total number of exemplars the exemplar storage can store, resizeable.',
    () => db.counters().exemplarsMax,
  )

  const fsync = new Summary({
    name: 'prometheus_tsdb_wal_fsync_duration_seconds',
    help: 'Duration of write log fsync.',
    percentiles: [0.5, 0.9, 0.99],
    registers,
  })
  const cut = new Histogram({
    name: 'prometheus_tsdb_compaction_duration_seconds',
    help: 'Duration of compaction runs',
    buckets: Array.from({ length: 14 }, (_, i) => 2 ** i),
    registers,
  })
  const late = new Histogram({
    name: 'prometheus_tsdb_sample_ooo_delta',
    help: 'Delta in seconds by which a sample is considered out of order (reported regardless of OOO time window and whether sample is accepted or not).',
    buckets: [600, 1800, 3600, 7200, 10_800, 21_600, 43_200],
    registers,
  })
  const tombstonesCleaned = new Histogram({
    name: 'prometheus_tsdb_tombstone_cleanup_seconds',
    help: 'The time taken to recompact blocks to remove tombstones.',
    registers,
  })
  return {
    late: (seconds) => late.observe(seconds),
    sync: (seconds) => fsync.observe(seconds),
    cut: (seconds) => cut.observe(seconds),
    tombstonesCleaned: (seconds) => tombstonesCleaned.observe(seconds),
  }
}

/** A histogram that was counted elsewhere: the library's own takes a microsecond for each of millions of values. */
function registerBuckets(registry: Registry, name: string, help: string, counted: BucketCounts): void {
  const { bounds, counts } = counted
  new Histogram({
    name,
    help,
    buckets: [...bounds],
    registers: [registry],
    collect() {
      const bucketValues = Object.fromEntries(Array.from(bounds, (bound, i) => [bound, counts[i]]))
      // Where the library keeps what it counts; its types do not tell.
      const held = this as unknown as { hashMap: Record<string, unknown> }
      held.hashMap = { '': { labels: {}, bucketValues, sum: counted.sum, count: counts.reduce((sum, count) => sum + count) } }
    },
  })
}
