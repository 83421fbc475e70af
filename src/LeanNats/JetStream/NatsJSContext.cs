using System.Buffers;
using System.Text.Json.Serialization.Metadata;
using LeanNats.JetStream.Models;
using static LeanNats.JetStream.JetStreamJson;

namespace LeanNats.JetStream;

/// <summary>
/// JetStream over a connection: streams, consumers, publishing with acknowledgement. Every request throws
/// <see cref="NatsJSApiException"/> when the server refuses it, <see cref="NatsNoRespondersException"/> when JetStream is not on, and
/// what <see cref="NatsConnection.RequestAsync"/> throws.
/// </summary>
public sealed partial class NatsJSContext
{
    private static readonly SearchValues<char> NotInNames = SearchValues.Create(".*>/\\ ");

    private readonly string prefix;

    /// <summary>Uses the connection, which stays the caller's.</summary>
    public NatsJSContext(NatsConnection connection, NatsJSOpts? opts = null)
    {
        (Connection, Opts) = (connection, opts ?? new NatsJSOpts());
        prefix = Opts.Domain is { } domain ? $"$JS.{domain}.API" : Opts.Prefix;
    }

    /// <summary>The connection.</summary>
    public NatsConnection Connection { get; }

    /// <summary>The settings.</summary>
    public NatsJSOpts Opts { get; }

    internal TimeProvider Time => Connection.Opts.TimeProvider;

    internal TimeSpan RequestTimeout => Opts.RequestTimeout ?? Connection.Opts.RequestTimeout;

    /// <summary>What the account uses and may use.</summary>
    public async ValueTask<AccountInfo> GetAccountInfoAsync(CancellationToken cancellationToken = default) =>
        (await AskAsync("INFO", default, Context.AccountInfoResponse, cancellationToken).ConfigureAwait(false)).ToInfo();

    /// <summary>An API subject.</summary>
    internal string Api(string operation) => $"{prefix}.{operation}";

    /// <summary>Asks the API and throws <see cref="NatsJSApiException"/> for an error.</summary>
    internal async ValueTask<T> AskAsync<T>(string operation, ReadOnlyMemory<byte> body, JsonTypeInfo<T> type, CancellationToken cancellationToken)
        where T : ApiResponse
    {
        var reply = await Connection.RequestAsync(Api(operation), body, timeout: RequestTimeout, cancellationToken: cancellationToken).ConfigureAwait(false);
        var answer = Read(reply.Data.Span, type);
        return answer.Error is { } error ? throw new NatsJSApiException(error) : answer;
    }

    /// <summary>Throws <see cref="ArgumentException"/> for what cannot be the name of a stream or a consumer.</summary>
    internal static void CheckName(string name, string parameter)
    {
        if (name.Length is 0 or > 255 || name.AsSpan().ContainsAny(NotInNames) || name.Any(char.IsControl))
            throw new ArgumentException($"'{name}' is not the name of a stream or a consumer.", parameter);
    }
}
