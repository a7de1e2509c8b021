import { YamlScalar, type YamlTree, type YamlValue } from '../base/yaml-tree.ts'

/** Whether a file is meant to be an alertmanager.yml. */
export function isAlertmanagerConfig({ root }: YamlTree): boolean {
  return ['route', 'receivers', 'inhibit_rules'].some((name) => hasField(root, name))
}

export function hasField(root: YamlValue, name: string): boolean {
  return typeof root === 'object' && !(root instanceof YamlScalar) && !Array.isArray(root) && name in root
}
