using System.Text;
using LeanNats;
using LmGateway.Tests.Functional.Nats;

namespace LmGateway.Tests.Examples;

/// <summary>A printed <c>nats req</c>: what the program would send, sent by our own client.</summary>
internal sealed record NatsCommand(string Subject, string Payload, bool Many)
{
    /// <summary>Null where the words are no <c>nats req</c>.</summary>
    public static NatsCommand? Of(IReadOnlyList<string> words)
    {
        if (words is not ["nats", "req", ..]) return null;
        string[] plain = [.. words.Skip(2).Where(word => !word.StartsWith("--", StringComparison.Ordinal))];
        return new NatsCommand(plain[0], plain[1], words.Contains("--replies=0"));
    }

    public static IReadOnlyList<NatsCommand> All(string script) => [.. ShellText.Commands(script).Select(Of).OfType<NatsCommand>()];

    /// <summary>The replies as the program prints them, without signs of life, which come or not.</summary>
    public async Task<string> RunAsync(NatsUnderTest nats)
    {
        var payload = Encoding.UTF8.GetBytes(Payload);
        if (!Many) return Encoding.UTF8.GetString((await nats.RequestAsync(Subject, payload)).Data.Span);
        var lines = new List<string>();
        await foreach (var message in nats.Caller.RequestManyAsync(Subject, payload, replyOpts: new NatsSubOpts { StopOnEmptyMsg = true, IdleTimeout = NatsUnderTest.Patience }))
            lines.Add(Encoding.UTF8.GetString(message.Data.Span));
        return string.Join('\n', lines.Where(line => !line.Contains("\"type\":\"status\"", StringComparison.Ordinal)));
    }
}
