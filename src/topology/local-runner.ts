import type { Env } from '../base/env.ts'
import { wrapError } from '../base/errors.ts'
import { untilAborted } from '../base/service.ts'
import type { Fleet, GeneratedFile, Instance } from './fleet.ts'
import { type InstanceEvent, nameOf, SupervisedInstance } from './supervised-instance.ts'

export interface LocalRunnerOptions {
  readonly env: Env
  /** What starts our program, and its arguments before the role. */
  readonly command: string
  readonly argsPrefix: readonly string[]
  /** How long an instance may take to stop before it is killed. */
  readonly stopGraceMs: number
  onEvent(event: InstanceEvent): void
  /** Told the instances before they start, for who wants to watch them. */
  onInstances(instances: readonly SupervisedInstance[]): void
}

/**
 * Runs a fleet as processes of this machine until `signal` aborts: started in order, each at once after the one before, and
 * stopped in reverse order, each when the one after has ended. Rejects, after everything else was stopped, when an instance
 * is given up.
 */
export async function runFleet(fleet: Fleet, options: LocalRunnerOptions, signal: AbortSignal): Promise<void> {
  const { env, command, argsPrefix, stopGraceMs, onEvent } = options
  const supervised = fleet.instances.map((instance) => new SupervisedInstance(instance, { env, command, argsPrefix, onEvent }))
  options.onInstances(supervised)
  const failure = new AbortController()
  const running: { readonly instance: SupervisedInstance; readonly done: Promise<void> }[] = []
  for (const instance of supervised) {
    if (signal.aborted || failure.signal.aborted) break
    let takeBack: () => Promise<void>
    try {
      takeBack = await writeFiles(env, instance.instance)
    } catch (error) {
      failure.abort(wrapError(nameOf(instance.instance), error))
      break
    }
    const fail = (error: unknown) => failure.abort(error)
    const done = instance
      .run()
      .catch(fail)
      .then(async () => {
        // Another fleet may run in this data directory; its files are as they were.
        if (!instance.wasReady) await takeBack()
      })
      .catch(fail)
    running.push({ instance, done })
  }
  await untilAborted(AbortSignal.any([signal, failure.signal]))
  for (const { instance, done } of running.reverse()) {
    await instance.stop(stopGraceMs)
    await done
  }
  if (failure.signal.aborted) throw failure.signal.reason
}

/** Writes what an instance is started with. The answer puts back what was there before. */
async function writeFiles(env: Env, instance: Instance): Promise<() => Promise<void>> {
  if (instance.dataDir !== undefined) await env.fs.mkdir(instance.dataDir)
  const before: GeneratedFile[] = []
  for (const { path, text } of instance.files) {
    if ((await env.fs.stat(path)) !== null) before.push({ path, text: await env.fs.readText(path) })
    await env.fs.writeFile(path, text)
  }
  return async () => {
    for (const { path, text } of before) await env.fs.writeFile(path, text)
  }
}
