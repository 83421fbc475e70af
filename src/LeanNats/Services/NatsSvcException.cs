using System.Globalization;

namespace LeanNats.Services;

/// <summary>
/// A service's error. A handler that throws it answers with its code, words and data; <see cref="ThrowIfError"/> throws it for an answer
/// that is one.
/// </summary>
public sealed class NatsSvcException(int code, string message, ReadOnlyMemory<byte> data = default, Exception? innerException = null)
    : NatsException(message, innerException)
{
    internal const string CodeHeader = "Nats-Service-Error-Code";
    internal const string ErrorHeader = "Nats-Service-Error";
    private const int UnknownCode = 500;

    /// <summary>The code, by the custom of HTTP: 400 for a bad request, 500 for a failure of the service.</summary>
    public int Code => code;

    /// <summary>The payload of the answer.</summary>
    public ReadOnlyMemory<byte> ErrorData => data;

    /// <summary>Looks for the headers by which a service says that it failed.</summary>
    public static void ThrowIfError(in NatsMsg reply)
    {
        if (reply.Headers is not { } headers) return;
        var hasCode = headers.TryGetLastValue(CodeHeader, out var code);
        var hasWords = headers.TryGetLastValue(ErrorHeader, out var words);
        if (!hasCode && !hasWords) return;
        if (!int.TryParse(code, NumberStyles.Integer, CultureInfo.InvariantCulture, out var number)) number = UnknownCode;
        throw new NatsSvcException(number, words ?? "", reply.Data);
    }

    /// <summary>Words that fit into a header.</summary>
    internal static string OneLine(string words) => string.Join(' ', words.Split(['\r', '\n', '\0'], StringSplitOptions.RemoveEmptyEntries));
}
