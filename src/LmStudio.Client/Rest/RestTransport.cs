using System.Net;
using System.Net.Http.Headers;
using System.Text.Json;
using LmStudio.Client.Wire;

namespace LmStudio.Client.Rest;

/// <summary>One HTTP call: method, path, the limit when it is not the usual one, and the members of the body.</summary>
internal sealed record RestRequest(string Method, string Path, TimeSpan? Limit = null, Action<Utf8JsonWriter>? Body = null)
{
    public string Endpoint => $"{Method} {Path}";
}

/// <summary>Sends HTTP calls and tells their failures apart. The status alone says little: LM Studio answers 200 with an error body.</summary>
internal sealed class RestTransport(LmStudioClientOptions options, HttpClient http, Discovery discovery)
{
    public async Task<T> SendAsync<T>(RestRequest request, Func<JsonElement, T> read, CancellationToken cancellationToken)
    {
        var limit = request.Limit ?? options.RequestTimeout;
        using var deadline = new CancellationTokenSource(limit, options.TimeProvider);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken, deadline.Token);
        var address = discovery.FindHttpServer();
        try
        {
            using var message = Message(request, address);
            using var response = await http.SendAsync(message, HttpCompletionOption.ResponseHeadersRead, either.Token).ConfigureAwait(false);
            await response.Content.LoadIntoBufferAsync(options.MaxResponseBytes, either.Token).ConfigureAwait(false);
            var body = await response.Content.ReadAsByteArrayAsync(either.Token).ConfigureAwait(false);
            return read(Accept(request, response.StatusCode, body));
        }
        catch (OperationCanceledException) when (!cancellationToken.IsCancellationRequested)
        {
            throw new LmStudioTimeoutException(request.Endpoint, limit);
        }
        catch (HttpRequestException e) when (e.HttpRequestError == HttpRequestError.ConfigurationLimitExceeded)
        {
            throw new LmStudioProtocolException($"The answer to {request.Endpoint} is larger than the limit of {options.MaxResponseBytes} bytes.", innerException: e);
        }
        catch (Exception e) when (e is HttpRequestException or IOException)
        {
            throw new LmStudioConnectionException($"LM Studio's HTTP server at {address.Http} did not answer {request.Endpoint}: {e.Message}", e);
        }
    }

    private HttpRequestMessage Message(RestRequest request, LmStudioAddress address)
    {
        var message = new HttpRequestMessage(new HttpMethod(request.Method), address.HttpUri(request.Path));
        if (options.ApiToken is { } token) message.Headers.Authorization = new AuthenticationHeaderValue("Bearer", token);
        if (request.Body is { } body)
        {
            message.Content = new ByteArrayContent(JsonSerialized(body));
            message.Content.Headers.ContentType = new MediaTypeHeaderValue("application/json");
        }

        return message;
    }

    private static byte[] JsonSerialized(Action<Utf8JsonWriter> members)
    {
        using var stream = new MemoryStream();
        using (var writer = new Utf8JsonWriter(stream))
        {
            writer.WriteStartObject();
            members(writer);
            writer.WriteEndObject();
        }

        return stream.ToArray();
    }

    /// <summary>The body of a success, or the exception that the answer stands for.</summary>
    private static JsonElement Accept(RestRequest request, HttpStatusCode status, byte[] body)
    {
        var json = Parse(body);
        if (json is { } value && HttpError.TryRead(value) is { } error)
        {
            if (status == HttpStatusCode.Unauthorized || error.Code == "invalid_api_key") throw new LmStudioAuthenticationException(error.Message);
            // The one error without a code or a status of its own: its text is all there is.
            if (error.Type is null && error.Code is null && error.Message.StartsWith("Unexpected endpoint", StringComparison.Ordinal))
                throw new LmStudioEndpointMissingException(request.Endpoint, error.Message);
            throw new LmStudioHttpException((int)status, error);
        }

        return status switch
        {
            HttpStatusCode.Unauthorized or HttpStatusCode.Forbidden =>
                throw new LmStudioAuthenticationException($"{request.Endpoint} was refused with status {(int)status}."),
            HttpStatusCode.NotFound or HttpStatusCode.MethodNotAllowed =>
                throw new LmStudioEndpointMissingException(request.Endpoint, $"The server has no {request.Endpoint} (status {(int)status})."),
            >= HttpStatusCode.OK and < HttpStatusCode.MultipleChoices when json is { } success => success,
            >= HttpStatusCode.OK and < HttpStatusCode.MultipleChoices =>
                throw new LmStudioProtocolException($"The answer to {request.Endpoint} is not JSON."),
            _ => throw new LmStudioHttpException((int)status, new HttpError($"{request.Endpoint} was answered with status {(int)status}.")),
        };
    }

    private static JsonElement? Parse(byte[] body)
    {
        try
        {
            return JsonElement.Parse(body);
        }
        catch (JsonException)
        {
            return null;
        }
    }
}
