import type { FileSystem } from '../base/env.ts'
import { section } from '../base/schema.ts'
import { YamlScalar, type YamlTree } from '../base/yaml-tree.ts'
import { type CoverageRequirement, ownRulesSchema, toCoverageRequirement } from '../rules/rule-coverage.ts'
import { type BudgetsConfig, budgetsSchema, toBudgetsConfig } from '../storage/budgets/budgets-schema.ts'
import { fileWarnings, readConfigFile } from './file.ts'
import { otherFileKind } from './file-kind.ts'
import type { ConfigWarning } from './problems.ts'

// Promontory's own configuration: what prometheus.yml has no words for, in a file beside it, so that upstream can read that one as ever.

export const ownSchema = section('promontory.yml', { budgets: budgetsSchema, rules: ownRulesSchema })

export interface OwnConfig {
  readonly budgets: BudgetsConfig | undefined
  readonly ruleCoverage: CoverageRequirement
  readonly warnings: readonly ConfigWarning[]
}

/** Throws a ConfigError that lists everything that is wrong. */
export async function readOwnConfig(fs: FileSystem, path: string): Promise<OwnConfig> {
  const file = await readConfigFile(fs, path, ownSchema, misplaced)
  const { budgets, rules } = file.value
  return {
    budgets: budgets === undefined ? undefined : toBudgetsConfig(budgets),
    ruleCoverage: toCoverageRequirement(rules),
    warnings: fileWarnings(file),
  }
}

/** Whether a file is meant to be one of these. */
export function isOwnConfig({ root }: YamlTree): boolean {
  return hasField(root, 'budgets') || hasField(root, 'rules')
}

function misplaced(text: string, tree: YamlTree): string | undefined {
  if (isOwnConfig(tree)) return undefined
  const isPrometheus = ['global', 'scrape_configs', 'rule_files', 'remote_write', 'remote_read'].some((name) => hasField(tree.root, name))
  const kind = isPrometheus ? 'a prometheus.yml' : otherFileKind(text, tree.root)
  return kind === undefined ? undefined : `this looks like ${kind}, want a configuration of Promontory's own`
}

function hasField(root: YamlTree['root'], name: string): boolean {
  return typeof root === 'object' && root !== null && !(root instanceof YamlScalar) && !Array.isArray(root) && name in root
}
