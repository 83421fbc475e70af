using System.Runtime.InteropServices;
using System.Runtime.Versioning;

namespace LmGateway.Cli.Daemon;

/// <summary>
/// The part of a Windows service that the system's manager of services speaks with: it says that the work runs, hears stop and shutdown, and says
/// that the work has ended. Written against the documented functions of advapi32, because there is no package for it here.
/// </summary>
[SupportedOSPlatform("windows")]
internal sealed class WindowsService
{
    private const int OwnProcess = 0x10;
    private const int StopAndShutdown = 0x1 | 0x4;
    private const uint StopControl = 1;
    private const uint ShutdownControl = 5;
    private const int SpecificError = 1066;
    private const uint PatienceMs = 40_000;

    private readonly Func<Task<int>> work;
    private readonly Action stop;
    private readonly ServiceMain main;
    private readonly ControlHandler handler;
    private nint status;
    private int exitCode;

    private WindowsService(Func<Task<int>> work, Action stop)
    {
        (this.work, this.stop) = (work, stop);
        (main, handler) = (Main, Handle);
    }

    private delegate void ServiceMain(int count, nint arguments);

    private delegate int ControlHandler(uint control, uint eventType, nint eventData, nint context);

    private enum State
    {
        Stopped = 1,
        StartPending = 2,
        StopPending = 3,
        Running = 4,
    }

    /// <summary>Runs the work as the service; null where this process was not started as one, and nothing was run.</summary>
    /// <param name="work">What the service does until it is told to stop.</param>
    /// <param name="stop">Tells the work to stop.</param>
    public static int? Run(Func<Task<int>> work, Action stop)
    {
        var service = new WindowsService(work, stop);
        // The second entry, all zero, ends the table. The name counts only where a process holds several services.
        var table = new[] { new Entry { Name = "", Main = Marshal.GetFunctionPointerForDelegate(service.main) }, default };
        var wasService = StartServiceCtrlDispatcher(table);
        GC.KeepAlive(service);
        return wasService ? service.exitCode : null;
    }

    private void Main(int count, nint arguments)
    {
        status = RegisterServiceCtrlHandlerEx("", handler, 0);
        if (status == 0) return;
        Tell(State.StartPending);
        var running = Task.Run(work);
        Tell(State.Running);
        // The system wants its thread to stay here until the service has ended; nothing else runs on it.
        ((IAsyncResult)running).AsyncWaitHandle.WaitOne();
        exitCode = running.IsCompletedSuccessfully ? running.GetAwaiter().GetResult() : ExitCodes.Failed;
        Tell(State.Stopped);
    }

    private int Handle(uint control, uint eventType, nint eventData, nint context)
    {
        if (control is not (StopControl or ShutdownControl)) return 0;
        Tell(State.StopPending);
        stop();
        return 0;
    }

    private void Tell(State state)
    {
        var told = new Status
        {
            Type = OwnProcess,
            Current = (int)state,
            Accepted = state == State.Running ? StopAndShutdown : 0,
            ExitCode = state == State.Stopped && exitCode != 0 ? SpecificError : 0,
            OwnExitCode = state == State.Stopped ? exitCode : 0,
            WaitHint = state is State.StartPending or State.StopPending ? PatienceMs : 0,
        };
        SetServiceStatus(status, ref told);
    }

    [DllImport("advapi32.dll", EntryPoint = "StartServiceCtrlDispatcherW", CharSet = CharSet.Unicode, ExactSpelling = true, SetLastError = true)]
    [DefaultDllImportSearchPaths(DllImportSearchPath.System32)]
    [return: MarshalAs(UnmanagedType.Bool)]
    private static extern bool StartServiceCtrlDispatcher([In] Entry[] table);

    [DllImport("advapi32.dll", EntryPoint = "RegisterServiceCtrlHandlerExW", CharSet = CharSet.Unicode, ExactSpelling = true, SetLastError = true)]
    [DefaultDllImportSearchPaths(DllImportSearchPath.System32)]
    private static extern nint RegisterServiceCtrlHandlerEx(string name, ControlHandler handler, nint context);

    [DllImport("advapi32.dll", ExactSpelling = true, SetLastError = true)]
    [DefaultDllImportSearchPaths(DllImportSearchPath.System32)]
    [return: MarshalAs(UnmanagedType.Bool)]
    private static extern bool SetServiceStatus(nint service, ref Status status);

    [StructLayout(LayoutKind.Sequential, CharSet = CharSet.Unicode)]
    private struct Entry
    {
        [MarshalAs(UnmanagedType.LPWStr)]
        public string? Name;
        public nint Main;
    }

    [StructLayout(LayoutKind.Sequential)]
    private struct Status
    {
        public int Type;
        public int Current;
        public int Accepted;
        public int ExitCode;
        public int OwnExitCode;
        public uint CheckPoint;
        public uint WaitHint;
    }
}
