# The same as setup_windows.ps1, under its other name.
& "$PSScriptRoot\setup_windows.ps1" @args
