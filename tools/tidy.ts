// Keeps the tree as ARCHITECTURE.md says: the import table, no cycles, no banned globals, no dead files.
import { existsSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { ENTRIES } from './entries.ts'
import { type Module, readModules } from './modules.ts'

const ABOVE_CONFIG = [
  'base',
  'model',
  'objstore',
  'cluster',
  'chunkenc',
  'exposition',
  'template',
  'http-client',
  'discovery',
  'exporter',
  'pushgateway',
  'storage',
  'notifier',
  'alertmanager',
  'tsdb',
  'promql',
  'remote',
  'scrape',
  'rules',
  'longterm',
  'query',
]

/** What a folder may import besides itself; the table of ARCHITECTURE.md. */
export const MAY_IMPORT: Readonly<Record<string, readonly string[]>> = {
  base: [],
  model: ['base'],
  objstore: ['base'],
  cluster: ['base'],
  chunkenc: ['base', 'model'],
  exposition: ['base', 'model'],
  template: ['base', 'model'],
  'http-client': ['base', 'model'],
  discovery: ['base', 'model', 'http-client'],
  exporter: ['base', 'model', 'exposition'],
  pushgateway: ['base', 'model', 'exposition'],
  storage: ['base', 'model', 'chunkenc'],
  notifier: ['base', 'model', 'http-client', 'discovery'],
  alertmanager: ['base', 'model', 'http-client', 'template', 'cluster'],
  tsdb: ['base', 'model', 'chunkenc', 'storage'],
  promql: ['base', 'model', 'chunkenc', 'storage'],
  remote: ['base', 'model', 'chunkenc', 'storage', 'http-client', 'discovery'],
  scrape: ['base', 'model', 'exposition', 'http-client', 'discovery', 'storage'],
  rules: ['base', 'model', 'template', 'storage', 'promql'],
  longterm: ['base', 'model', 'chunkenc', 'storage', 'tsdb', 'objstore'],
  query: ['base', 'model', 'chunkenc', 'storage', 'promql', 'remote', 'discovery'],
  config: ABOVE_CONFIG,
  topology: ['base', 'model', 'config'],
  console: ['base', 'model'],
  api: ABOVE_CONFIG,
  commands: ['*'],
  roles: ['*'],
  'main.ts': ['*'],
}

/** Nothing but these, and the parts of the real and the virtual environment, reaches outside the program. */
const OUTSIDE = new Set(['src/base/env-real.ts', 'src/main.ts'])

const BANNED: readonly (readonly [RegExp, string])[] = [
  [/\bDate\.now\b|\bnew Date\(\)/, 'the clock: take env.clock'],
  [/\bperformance\.now\b/, 'the clock: take env.clock'],
  [/\b(setTimeout|setInterval|setImmediate)\(/, 'timers: take env.clock'],
  [/\bMath\.random\b/, 'chance: take env.random'],
  [/(?<![\w.#'"])process\.(?!md)/, 'the process: take what you need as an argument'],
  [/(?<![\w.#])fetch\(/, 'the network: take env.http'],
  [/\bconsole\.(log|error|warn|info)\b/, 'the console: take env.log'],
]

const BANNED_MODULES = /^node:(fs|fs\/promises|net|tls|dgram|dns|dns\/promises|child_process|timers|timers\/promises|worker_threads|os)$/

/** Made for tests and simulation of every folder: alive without the program reaching them. */
const TEST_SUPPORT = ['src/base/env-virtual.ts', 'src/storage/memory-source.ts']

/** One line a fault, `file:line: what`. */
export function tidy(root: string): string[] {
  const faults: string[] = []
  const source = readModules(root, ['src/**/*.ts'])
  const others = readModules(root, ['test/**/*.ts', 'tools/**/*.ts', 'ui/src/**/*.{ts,tsx}', 'ui/*.ts'])
  for (const module of source) {
    checkImports(module, faults)
    if (!isTest(module.path)) checkGlobals(module, faults)
  }
  checkUiImports(others, faults)
  checkCycles(source, faults)
  checkDead(source, others, faults)
  for (const folder of new Set(source.map((module) => folderOf(module.path)))) {
    if (!(folder in MAY_IMPORT)) faults.push(`src/${folder}: is not in the import table of tools/tidy.ts`)
  }
  for (const module of [...source, ...others]) {
    for (const edge of module.imports) {
      if (
        /^(src|test|tools|ui)\//.test(edge.to) &&
        !edge.to.endsWith('.css') &&
        !existsSync(join(root, edge.to)) &&
        !['.ts', '.tsx'].some((end) => existsSync(join(root, edge.to + end)))
      ) {
        faults.push(`${edge.from}:${edge.line}: imports ${edge.to}, which does not exist`)
      }
    }
  }
  return faults
}

function folderOf(path: string): string {
  return path.split('/')[1]
}

function isTest(path: string): boolean {
  return /\.(test|bench|contract|fixture)\.ts$/.test(path)
}

function checkImports(module: Module, faults: string[]): void {
  const folder = folderOf(module.path)
  const allowed = MAY_IMPORT[folder] ?? []
  for (const edge of module.imports) {
    if (!edge.to.startsWith('src/')) {
      const supports = isTest(module.path) && edge.to.startsWith('test/support/')
      if (/^(test|tools|ui)\//.test(edge.to) && !supports) faults.push(`${edge.from}:${edge.line}: the program may not import ${edge.to}`)
      continue
    }
    const target = folderOf(edge.to)
    if (target === folder || allowed.includes('*') || allowed.includes(target) || isTest(module.path)) continue
    faults.push(`${edge.from}:${edge.line}: ${folder} may not import ${target} (${edge.to})`)
  }
}

function checkUiImports(modules: readonly Module[], faults: string[]): void {
  for (const module of modules) {
    if (!module.path.startsWith('ui/')) continue
    for (const edge of module.imports) {
      if (edge.to.startsWith('src/') && !(edge.to.startsWith('src/api/types/') && edge.typeOnly)) {
        faults.push(`${edge.from}:${edge.line}: ui may import types of src/api/types only (${edge.to})`)
      }
    }
  }
}

function checkGlobals(module: Module, faults: string[]): void {
  if (OUTSIDE.has(module.path) || /^src\/base\/(real|virtual)\//.test(module.path)) return
  for (const edge of module.imports) {
    if (!edge.typeOnly && BANNED_MODULES.test(edge.to)) faults.push(`${edge.from}:${edge.line}: imports ${edge.to}: take env`)
  }
  module.text.split('\n').forEach((line, index) => {
    const code = line.replace(/\/\/.*$|^\s*\*.*$|\/\*.*?\*\//g, '')
    for (const [pattern, instead] of BANNED) if (pattern.test(code)) faults.push(`${module.path}:${index + 1}: reaches for ${instead}`)
  })
}

function checkCycles(modules: readonly Module[], faults: string[]): void {
  const edges = new Map(
    modules.map((module) => [module.path, module.imports.filter((edge) => !edge.typeOnly && edge.to.startsWith('src/'))]),
  )
  const state = new Map<string, 'open' | 'done'>()
  const visit = (path: string, trail: readonly string[]): void => {
    if (state.get(path) === 'done') return
    if (state.get(path) === 'open') {
      faults.push(`cycle: ${[...trail.slice(trail.indexOf(path)), path].join(' -> ')}`)
      return
    }
    state.set(path, 'open')
    for (const edge of edges.get(path) ?? []) visit(edge.to, [...trail, path])
    state.set(path, 'done')
  }
  for (const module of modules) visit(module.path, [])
}

/** A file that only its own unit tests reach is dead. */
function checkDead(source: readonly Module[], others: readonly Module[], faults: string[]): void {
  const byPath = new Map([...source, ...others].map((module) => [module.path, module]))
  const alive = new Set<string>()
  const reach = (path: string): void => {
    if (alive.has(path)) return
    alive.add(path)
    for (const edge of byPath.get(path)?.imports ?? []) reach(edge.to)
  }
  for (const path of ENTRIES) reach(path)
  for (const path of TEST_SUPPORT) reach(path)
  for (const module of others) reach(module.path)
  for (const module of source) {
    if (/\.contract\.ts$/.test(module.path) || !isTest(module.path)) {
      if (!alive.has(module.path) && !/\.contract\.ts$/.test(module.path)) faults.push(`${module.path}: nothing but tests reaches it`)
    }
  }
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const root = join(dirname(fileURLToPath(import.meta.url)), '..')
  const faults = tidy(root)
  for (const fault of faults) console.error(fault)
  console.log(faults.length === 0 ? 'tidy: the tree is as ARCHITECTURE.md says' : `tidy: ${faults.length} faults`)
  process.exitCode = faults.length === 0 ? 0 : 1
}
