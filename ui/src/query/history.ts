import { useCallback, useSyncExternalStore } from 'react'

// Executed expressions, newest first, each once. All open pages share them through localStorage.

const storageKey = 'promontory-query-history'
const entriesMax = 100

/** The history with `expr` moved or added to the front. Blank expressions are not history. */
export function withEntry(entries: readonly string[], expr: string): readonly string[] {
  const trimmed = expr.trim()
  if (trimmed === '') return entries
  return [trimmed, ...entries.filter((entry) => entry !== trimmed)].slice(0, entriesMax)
}

/** The history in a stored text; whatever else stands there counts as none. */
export function parseHistory(text: string | null): readonly string[] {
  if (text === null) return []
  try {
    const entries: unknown = JSON.parse(text)
    return Array.isArray(entries) ? entries.filter((entry) => typeof entry === 'string').slice(0, entriesMax) : []
  } catch {
    // Another program may have written here; the next execution overwrites it.
    return []
  }
}

const listeners = new Set<() => void>()

function subscribe(listener: () => void): () => void {
  listeners.add(listener)
  window.addEventListener('storage', listener)
  return () => {
    listeners.delete(listener)
    window.removeEventListener('storage', listener)
  }
}

function readStored(): string | null {
  try {
    return localStorage.getItem(storageKey)
  } catch {
    // Storage may be forbidden by the browser's settings: then there is no history.
    return null
  }
}

function store(entries: readonly string[]): void {
  try {
    localStorage.setItem(storageKey, JSON.stringify(entries))
  } catch {
    // Full or forbidden: a history is not worth an error.
    return
  }
  for (const listener of listeners) listener()
}

export interface QueryHistory {
  readonly entries: readonly string[]
  readonly add: (expr: string) => void
  readonly clear: () => void
}

export function useQueryHistory(): QueryHistory {
  const text = useSyncExternalStore(subscribe, readStored)
  const add = useCallback((expr: string) => store(withEntry(parseHistory(readStored()), expr)), [])
  const clear = useCallback(() => store([]), [])
  return { entries: parseHistory(text), add, clear }
}
