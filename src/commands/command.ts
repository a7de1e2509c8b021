import type { Env } from '../base/env.ts'
import type { BuildInfo } from '../base/process-metrics.ts'

/** Exit codes. 1: it did not work. 2: it was asked for wrongly. 3: it works, and could be better. */
export const EXIT = { ok: 0, failed: 1, usage: 2, lint: 3 } as const

export interface CommandIo {
  /** A line to standard output, without its newline. */
  out(line: string): void
  /** A line to standard error. */
  err(line: string): void
  /** Text to standard output as it is: for what is redrawn in place. */
  write(text: string): void
  /** Replaces the line that says how far something is; empty: takes it away. Nothing unless standard error is a terminal. */
  progress(line: string): void
  /** All of standard input. */
  input(): Promise<Uint8Array>
  /** What standard output is: null unless a terminal. */
  terminal(): { readonly columns: number; readonly rows: number } | null
  readonly variables: Readonly<Record<string, string | undefined>>
}

/** Where the process runs, as it was when it started. */
export interface Machine {
  readonly hostname: string
  readonly cpuCount: number
  readonly workingDirectory: string
  /** What a container may use; 0 where there is no limit. */
  readonly memoryLimitBytes: number
}

/** What a command may use of the process it runs in. */
export interface CommandContext {
  /** The Env with a log that was set up as the arguments say. */
  env(log: { readonly level: 'debug' | 'info' | 'warn' | 'error'; readonly format: 'logfmt' | 'json' }): Env
  readonly io: CommandIo
  /** Aborts when the process shall stop: SIGINT, SIGTERM, or the end of the stop channel. */
  readonly signal: AbortSignal
  /** Calls back at every SIGHUP. */
  onHangup(callback: () => void): void
  /** How to start another one of us. */
  readonly self: { readonly command: string; readonly args: readonly string[] }
  /** Directory of the package: `ui/dist` and the examples lie there. */
  readonly root: string
  readonly version: string
  readonly build: BuildInfo
  readonly machine: Machine
  readonly pid: number
}

/** One role or tool. One file a command in `commands/`, one file a role in `roles/`. */
export interface Command {
  /** As typed: `server`, `check config`. */
  readonly name: string
  /** One line for the list of commands. */
  readonly summary: string
  /** What `--help` prints. */
  help(): string
  /** Resolves to the exit code. */
  run(args: readonly string[], context: CommandContext): Promise<number>
}
