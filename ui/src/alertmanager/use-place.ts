import { useSyncExternalStore } from 'react'
import { type Place, parsePlace, placeHref } from './place.ts'

const listeners = new Set<() => void>()

/** Where one is, kept current. */
export function usePlace(): Place {
  return parsePlace(useSyncExternalStore(subscribe, () => window.location.hash))
}

/** Goes to another page. */
export function goTo(path: string, search?: Readonly<Record<string, string | undefined>>): void {
  window.location.hash = placeHref(path, search)
}

/** Changes what the page shows: no step worth going back to. */
export function showHere(path: string, search: Readonly<Record<string, string | undefined>>): void {
  window.history.replaceState(window.history.state, '', placeHref(path, search))
  for (const listener of listeners) listener()
}

function subscribe(listener: () => void): () => void {
  listeners.add(listener)
  window.addEventListener('hashchange', listener)
  return () => {
    listeners.delete(listener)
    window.removeEventListener('hashchange', listener)
  }
}
