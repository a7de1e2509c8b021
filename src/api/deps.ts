import type { Env } from '../base/env.ts'
import type { Routes } from '../base/http-routes.ts'
import type { BuildInfo } from '../base/process-metrics.ts'
import type { Labels } from '../model/labels.ts'
import type { Matcher } from '../model/matcher.ts'
import type { Metadata } from '../model/metadata.ts'
import type { Timestamp } from '../model/time.ts'
import type { OtlpReceiver } from '../remote/otlp/otlp-receiver.ts'
import type { WriteReceiver } from '../remote/write-receiver.ts'
import type { GroupView } from '../rules/rule-manager.ts'
import type { TargetsView } from '../scrape/target.ts'
import type { GrowthLog } from '../storage/budgets/growth-log.ts'
import type { SeriesBudgets } from '../storage/budgets/series-budgets.ts'
import type { ExemplarSource } from '../storage/exemplar-source.ts'
import type { QueryBudget, SeriesSource } from '../storage/series-source.ts'
import type { BlockMeta } from '../tsdb/block/block-meta.ts'
import type { Cardinality } from '../tsdb/cardinality.ts'
import type { ReplayStatus } from '../tsdb/db.ts'
import type { DbStats } from '../tsdb/db-stats.ts'
import type { Notifications } from './notifications.ts'
import type { QueriesView } from './queries/queries-status.ts'
import type { Reads } from './reads/read.ts'
import type { RemoteReadLimits } from './remote-read.ts'

/** Whether all that was acknowledged can be read, and if not, why: constant lower case text for people. */
export type Readiness = { readonly ready: true } | { readonly ready: false; readonly reason: string; readonly stopping: boolean }

/** What the server knows of itself. Times are Unix ms; 0: never. */
export interface RuntimeInfo {
  readonly startTime: Timestamp
  readonly workingDirectory: string
  readonly hostname: string
  readonly reloadConfigSuccess: boolean
  readonly lastConfigTime: Timestamp
  readonly corruptionCount: number
  readonly cpuCount: number
  /** 0: none. */
  readonly memoryLimitBytes: number
  /** Such as `15d` or `15d or 10GB`. */
  readonly storageRetention: string
}

/** What --web.enable-lifecycle lets clients do. */
export interface Lifecycle {
  /** Rejects with what is wrong with the file; the old one is still in force then. */
  reload(): Promise<void>
  /** Asks for the end; returns at once. */
  quit(): void
}

/** What the database tells of itself. */
export interface DatabaseView {
  stats(): DbStats
  replayStatus(): ReplayStatus
  /** What the blocks are, by `minTime`. */
  blockMetas(): readonly BlockMeta[]
  /** Blocks that are there and cannot be read now. */
  leftOutBlocks(): readonly { readonly directory: string; readonly problem: string }[]
  /** What senders said of metrics, by name. */
  metricMetadata(): ReadonlyMap<string, Metadata>
  /** At most `countMax` entries a list. Rejects when the signal aborts. */
  cardinality(countMax: number, signal: AbortSignal): Promise<Cardinality>
}

/** Alertmanagers that were found. */
export interface AlertmanagersView {
  active(): readonly string[]
  /** By relabeling. */
  dropped(): readonly string[]
}

/** Budgets of series, and what grew. */
export interface BudgetsView {
  readonly budgets: SeriesBudgets
  readonly growth: GrowthLog
}

/** What --web.enable-admin-api lets clients do to what is stored. */
export interface AdminActions {
  /** Resolves when every series that the matchers select has lost what it had between the times, both inclusive. */
  deleteSamples(matchers: readonly Matcher[], minTime: Timestamp, maxTime: Timestamp, signal: AbortSignal): Promise<void>
  /** Resolves when nothing is left on disk of what had been deleted from blocks. */
  cleanTombstones(signal: AbortSignal): Promise<void>
  /** Makes a data directory in `snapshots/NAME` of what is in blocks, and with `isWhole` in memory; answers its name. */
  snapshot(isWhole: boolean, signal: AbortSignal): Promise<string>
}

/** All that the API shows, handed to it by the role. */
export interface ApiDeps {
  readonly env: Env
  readonly reads: Reads
  readonly queries: QueriesView
  /** Groups of rules, by file and name. */
  rules(): readonly GroupView[]
  /** Where alerts go, by URL. */
  readonly alertmanagers: AlertmanagersView
  readonly source: SeriesSource
  readonly exemplars: ExemplarSource
  readonly targets: TargetsView
  readonly database: DatabaseView
  /** undefined: the configuration has none. */
  budgets(): BudgetsView | undefined
  readonly notifications: Notifications
  /** Nothing that is stored is read. */
  readonly isAgent: boolean
  /** What --enable-feature switched on, or is on here without it. */
  readonly features: ReadonlySet<string>
  /** --web.search.max-limit; 0: none. */
  readonly searchLimitMax: number
  /** Of one read that is not one of `reads`: exemplars, search. */
  newBudget(): QueryBudget
  /** Undefined: --web.enable-remote-write-receiver was not given. */
  readonly writeReceiver: WriteReceiver | undefined
  /** Of what others read of us. */
  readonly remoteReadLimits: RemoteReadLimits
  /** Undefined: --web.enable-otlp-receiver was not given. */
  readonly otlpReceiver: OtlpReceiver | undefined
  /** Undefined: --web.enable-pushgateway was not given. */
  readonly addPushRoutes: ((routes: Routes) => void) | undefined
  /** Undefined: --web.enable-lifecycle was not given. */
  readonly lifecycle: Lifecycle | undefined
  /** Undefined: --web.enable-admin-api was not given. */
  readonly admin: AdminActions | undefined
  readiness(): Readiness
  /** Resolves when it is ready, or when `signal` aborts. */
  untilReady(signal: AbortSignal): Promise<void>
  /** Resolves when samples are taken, as they are soon after it is ready, and at once before that, when they are refused. Rejects when `signal` aborts. */
  untilTaking(signal: AbortSignal): Promise<void>
  /** The configuration in force, as YAML without secrets. */
  config(): string
  /** The job of this name as YAML without secrets; undefined: there is none. */
  scrapePoolConfig(jobName: string): string | undefined
  /** Flags by name, without dashes. */
  flags(): Readonly<Record<string, string>>
  readonly build: BuildInfo
  runtimeInfo(): RuntimeInfo | Promise<RuntimeInfo>
  externalLabels(): Labels
  /** --query.lookback-delta and --query.timeout. */
  readonly lookbackMs: number
  readonly queryTimeoutMs: number
  /** --web.cors.origin, anchored at both ends. */
  readonly corsOrigin: { test(origin: string): boolean }
  /** --web.route-prefix: empty, or `/prefix` without a slash at the end. */
  readonly routePrefix: string
  /** --web.external-url, with its defaults filled in. */
  readonly externalUrl: string
  /** The port we listen on: a target there is ourselves, reached by others at the external URL. */
  readonly listenPort: number
  /** Where the built console lies; it may be missing. */
  readonly uiDir: string
  /** --web.page-title. */
  readonly pageTitle: string
  /** --web.user-assets: a directory, empty for none. */
  readonly userAssets: string
}
