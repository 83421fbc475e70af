using System.Net;
using Microsoft.AspNetCore.Http.Features;

// The least that a forwarder on this platform can be: Kestrel in front, SocketsHttpHandler behind, bytes in between, stock settings.
//   forwarder PORT BACKEND_PORT
var (port, upstream) = (int.Parse(args[0]), $"http://127.0.0.1:{args[1]}");
var builder = WebApplication.CreateSlimBuilder();
builder.Logging.ClearProviders();
builder.WebHost.ConfigureKestrel(kestrel => kestrel.Listen(IPAddress.Loopback, port));
await using var app = builder.Build();
using var invoker = new HttpMessageInvoker(new SocketsHttpHandler { UseProxy = false, UseCookies = false, AllowAutoRedirect = false, ActivityHeadersPropagator = null });

app.Run(async context =>
{
    var (request, response, left) = (context.Request, context.Response, context.RequestAborted);
    using var forwarded = new HttpRequestMessage(new HttpMethod(request.Method), upstream + request.Path + request.QueryString);
    if (request.ContentLength is { } length)
    {
        forwarded.Content = new StreamContent(request.Body);
        forwarded.Content.Headers.ContentLength = length;
        forwarded.Content.Headers.TryAddWithoutValidation("Content-Type", request.ContentType);
    }

    using var reply = await invoker.SendAsync(forwarded, left);
    response.StatusCode = (int)reply.StatusCode;
    response.ContentType = reply.Content.Headers.ContentType?.ToString();
    response.ContentLength = reply.Content.Headers.ContentLength;
    context.Features.Get<IHttpResponseBodyFeature>()?.DisableBuffering();
    await using var body = await reply.Content.ReadAsStreamAsync(left);
    while (true)
    {
        var read = await body.ReadAsync(response.BodyWriter.GetMemory(16 * 1024), left);
        if (read == 0) break;
        response.BodyWriter.Advance(read);
        await response.BodyWriter.FlushAsync(left);
    }
});
await app.StartAsync();
Console.WriteLine("ready");
await app.WaitForShutdownAsync();
