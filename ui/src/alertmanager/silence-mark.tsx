import type { GettableSilence } from '../../../src/api/types/alertmanager.ts'
import { StateMark } from '../rules/state-mark.tsx'

/** The state of a silence: that one is active is no bad news, as it is of an alert. */
export function SilenceMark({ state }: { readonly state: GettableSilence['status']['state'] }) {
  return <StateMark state={state === 'active' ? 'in force' : state}>{state}</StateMark>
}
