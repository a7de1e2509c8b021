import { type Service, untilAborted } from '../base/service.ts'
import type { GroupView, RuleManager, RuleManagerOptions, RuleSettings } from './rule-manager.ts'

/** A rule manager that is loaded with the first group: a server without rules needs none of it. */
export class LazyRuleManager implements Service {
  readonly name = 'rules'
  readonly #options: RuleManagerOptions
  #manager: RuleManager | undefined
  readonly #needed = Promise.withResolvers<RuleManager>()

  constructor(options: RuleManagerOptions) {
    this.#options = options
  }

  /** From now on these are the rules. */
  async apply(settings: RuleSettings): Promise<void> {
    if (this.#manager === undefined && settings.groups.length > 0) {
      const { RuleManager } = await import('./rule-manager.ts')
      this.#manager ??= new RuleManager(this.#options)
      this.#needed.resolve(this.#manager)
    }
    await this.#manager?.apply(settings)
  }

  groups(): readonly GroupView[] {
    return this.#manager?.groups() ?? []
  }

  async run(signal: AbortSignal, ready: () => void): Promise<void> {
    if (this.#manager === undefined) ready()
    const manager = await Promise.race([this.#needed.promise, untilAborted(signal)])
    await manager?.run(signal, ready)
  }
}
