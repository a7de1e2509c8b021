import type { InhibitRule } from '../alertmanager/alertmanager-config.ts'
import type { RouteDefinition } from '../alertmanager/dispatch/route.ts'
import type { InhibitRuleSection, RouteSection } from '../alertmanager/dispatch/route-schema.ts'
import { compareMatchers, LabelMatcher } from '../alertmanager/label-matcher.ts'
import type { MatcherMode } from '../alertmanager/matchers/matcher-mode.ts'
import { parseMatchers } from '../alertmanager/matchers/parse-matchers.ts'
import type { YamlPath } from '../base/yaml-tree.ts'
import type { ConfigFile } from './file.ts'
import type { ConfigWarning } from './problems.ts'

/** Makes routes and rules of what was checked, and collects what should be written in another way. */
export class RouteReader {
  readonly warnings: ConfigWarning[] = []
  readonly #file: ConfigFile<unknown>
  readonly #mode: MatcherMode

  constructor(file: ConfigFile<unknown>, mode: MatcherMode) {
    this.#file = file
    this.#mode = mode
  }

  route(section: RouteSection, path: YamlPath): RouteDefinition {
    return {
      receiver: section.receiver,
      matchers: [...oldTexts(section.match), ...oldRegexes(section.match_re), ...this.#matchers(section.matchers, [...path, 'matchers'])],
      groupBy: section.group_by,
      groupWaitMs: section.group_wait,
      groupIntervalMs: section.group_interval,
      repeatIntervalMs: section.repeat_interval,
      muteTimeIntervals: section.mute_time_intervals,
      activeTimeIntervals: section.active_time_intervals,
      continues: section.continue,
      routes: section.routes?.map((child, index) => this.route(child, [...path, 'routes', index])),
    }
  }

  inhibitRule(section: InhibitRuleSection, path: YamlPath): InhibitRule {
    return {
      name: section.name ?? '',
      sourceMatchers: [
        ...oldTexts(section.source_match),
        ...oldRegexes(section.source_match_re),
        ...this.#matchers(section.source_matchers, [...path, 'source_matchers']),
      ],
      targetMatchers: [
        ...oldTexts(section.target_match),
        ...oldRegexes(section.target_match_re),
        ...this.#matchers(section.target_matchers, [...path, 'target_matchers']),
      ],
      equal: section.equal ?? [],
    }
  }

  /** The matchers of a list as they are printed. */
  shownMatchers(texts: readonly string[] | undefined): readonly string[] | undefined {
    return texts
      ?.flatMap((text) => parseMatchers(text, this.#mode, () => {}))
      .sort(compareMatchers)
      .map(String)
  }

  #matchers(texts: readonly string[] = [], path: YamlPath): readonly LabelMatcher[] {
    return texts.flatMap((text, index) => parseMatchers(text, this.#mode, (message) => this.#warn([...path, index], message)))
  }

  #warn(place: YamlPath, message: string): void {
    const field = place.filter((part) => typeof part === 'string').join('.')
    this.warnings.push({ kind: 'old', field, file: this.#file.path, ...this.#file.tree.valuePosition(place), message })
  }
}

function oldTexts(values: Readonly<Record<string, string>> = {}): readonly LabelMatcher[] {
  return Object.entries(values).map(([name, value]) => new LabelMatcher('=', name, value))
}

/** Upstream keeps of these the anchored form, and shows it in keys of groups. */
function oldRegexes(values: Readonly<Record<string, string>> = {}): readonly LabelMatcher[] {
  return Object.entries(values).map(([name, value]) => new LabelMatcher('=~', name, `^(?:${value})$`))
}
