import type { YamlTree } from '../base/yaml-tree.ts'
import { hasField } from './alertmanager-kind.ts'

/** Whether a file is meant to be a deadman.yml. */
export function isDeadmanConfig({ root }: YamlTree): boolean {
  return hasField(root, 'heartbeats') || hasField(root, 'drills')
}
