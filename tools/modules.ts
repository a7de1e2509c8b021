import { globSync, readFileSync } from 'node:fs'
import { dirname, join, relative } from 'node:path'

export interface ImportEdge {
  readonly from: string
  /** A path relative to the root, or a package's name. */
  readonly to: string
  readonly typeOnly: boolean
  readonly line: number
}

export interface Module {
  readonly path: string
  readonly text: string
  readonly imports: readonly ImportEdge[]
}

const IMPORT = /^[ \t]*(import|export)\s+(type\s+)?(?:[^'";]*?\sfrom\s+)?['"]([^'"]+)['"]|import\(\s*['"]([^'"]+)['"]\s*\)/gm

/** The TypeScript files that match, with what they import. */
export function readModules(root: string, patterns: readonly string[]): Module[] {
  const paths = globSync([...patterns], { cwd: root }).filter((path) => !path.includes('node_modules') && !path.includes('/dist/'))
  return paths.sort().map((path) => {
    const text = readFileSync(join(root, path), 'utf8')
    const imports: ImportEdge[] = []
    for (const match of text.matchAll(IMPORT)) {
      const target = match[3] ?? match[4]
      const to = target.startsWith('.') ? relative(root, join(root, dirname(path), target)) : target
      imports.push({ from: path, to, typeOnly: match[2] !== undefined, line: text.slice(0, match.index).split('\n').length })
    }
    return { path, text, imports }
  })
}
