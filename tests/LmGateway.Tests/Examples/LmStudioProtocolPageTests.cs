using System.Net.WebSockets;
using System.Text;
using System.Text.RegularExpressions;
using LmStudio.Simulator;
using LmStudio.Simulator.Engine;
using Xunit;

namespace LmGateway.Tests.Examples;

/// <summary>The conversations of docs/protocols/lmstudio.md, frame by frame. Frames that are not printed may come between those that are.</summary>
public sealed class LmStudioProtocolPageTests
{
    private const string Page = "docs/protocols/lmstudio.md";
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(30);

    private static IReadOnlyList<Fence> Conversations { get; } =
        [.. Fence.Read(File.ReadAllText(Path.Combine(Repository.Root, Page))).Where(fence => fence.Remark == $"run by: {nameof(LmStudioProtocolPageTests)}")];

    public static TheoryData<int> Lines() => [.. Conversations.Select(fence => fence.Line)];

    [Theory]
    [MemberData(nameof(Lines))]
    public async Task A_conversation_goes_as_it_is_printed(int line)
    {
        var conversation = Conversations.Single(fence => fence.Line == line);
        await using var simulator = await SimulatorServer.StartAsync(new SimulatorOptions { LoadTime = TimeSpan.FromMilliseconds(30), TokensPerSecond = 0 }, cancellationToken: TestContext.Current.CancellationToken);
        using var socket = new ClientWebSocket();
        using var patience = CancellationTokenSource.CreateLinkedTokenSource(TestContext.Current.CancellationToken);
        patience.CancelAfter(Patience);
        await socket.ConnectAsync(new Uri($"ws://{simulator.Address.Authority}{conversation.Info.Split(' ')[1]}"), patience.Token);
        foreach (var printed in conversation.Text.Split('\n'))
        {
            if (printed.StartsWith("> ", StringComparison.Ordinal)) await socket.SendAsync(Encoding.UTF8.GetBytes(printed[2..]), WebSocketMessageType.Text, endOfMessage: true, patience.Token);
            else await AwaitAsync(socket, printed[2..], patience.Token);
        }
    }

    private static async Task AwaitAsync(ClientWebSocket socket, string printed, CancellationToken cancellationToken)
    {
        var pattern = $"^{Regex.Escape(printed).Replace("…", ".*")}$";
        var seen = new StringBuilder();
        try
        {
            while (true)
            {
                var frame = await ReadAsync(socket, cancellationToken);
                if (Regex.IsMatch(frame, pattern, RegexOptions.Singleline, TimeSpan.FromSeconds(10))) return;
                seen.AppendLine(frame);
            }
        }
        catch (Exception fault) when (fault is OperationCanceledException or WebSocketException)
        {
            Assert.Fail($"{printed} did not come, but:\n{seen}");
        }
    }

    private static async Task<string> ReadAsync(ClientWebSocket socket, CancellationToken cancellationToken)
    {
        var buffer = new byte[64 * 1024];
        var frame = new MemoryStream();
        ValueWebSocketReceiveResult part;
        do
        {
            part = await socket.ReceiveAsync(buffer.AsMemory(), cancellationToken);
            frame.Write(buffer, 0, part.Count);
        }
        while (!part.EndOfMessage);
        return Encoding.UTF8.GetString(frame.ToArray());
    }
}
