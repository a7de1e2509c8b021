import { ActionIcon, useMantineColorScheme } from '@mantine/core'
import { IconDeviceDesktop, IconMoon, IconSun } from '@tabler/icons-react'

const next = { light: 'dark', dark: 'auto', auto: 'light' } as const
const icons = { light: IconSun, dark: IconMoon, auto: IconDeviceDesktop }
const names = { light: 'light', dark: 'dark', auto: "the system's" }

/** Steps through light, dark and what the system asks for. */
export function SchemeToggle() {
  const { colorScheme, setColorScheme } = useMantineColorScheme()
  const Icon = icons[colorScheme]
  const label = `Colours: ${names[colorScheme]}. Change to ${names[next[colorScheme]]}`
  return (
    <ActionIcon variant="default" size={28} aria-label={label} title={label} onClick={() => setColorScheme(next[colorScheme])}>
      <Icon size={16} stroke={1.7} aria-hidden />
    </ActionIcon>
  )
}
