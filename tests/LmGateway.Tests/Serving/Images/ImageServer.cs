using System.Net;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Hosting.Server;
using Microsoft.AspNetCore.Hosting.Server.Features;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;

namespace LmGateway.Tests.Serving.Images;

/// <summary>A web server on loopback, for images that are to be fetched.</summary>
internal sealed class ImageServer : IAsyncDisposable
{
    private readonly WebApplication app;

    private ImageServer(WebApplication app)
    {
        this.app = app;
        Port = new Uri(app.Services.GetRequiredService<IServer>().Features.Get<IServerAddressesFeature>()!.Addresses.First()).Port;
    }

    public int Port { get; }

    /// <summary>Host and path of every request.</summary>
    public System.Collections.Concurrent.ConcurrentQueue<string> Asked { get; } = new();

    public static async Task<ImageServer> StartAsync(RequestDelegate answer)
    {
        var builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        builder.WebHost.ConfigureKestrel(server => server.Listen(IPAddress.Loopback, 0));
        var built = builder.Build();
        ImageServer? server = null;
        built.Run(context =>
        {
            server!.Asked.Enqueue($"{context.Request.Host.Host}{context.Request.Path}");
            return answer(context);
        });
        await built.StartAsync();
        return server = new ImageServer(built);
    }

    /// <summary>Each path's last part says what it is.</summary>
    public static Task AnswerAsync(HttpContext context)
    {
        byte[]? image = context.Request.Path.Value switch
        {
            "/a.png" => TestImages.Png(),
            "/b.jpg" => TestImages.Jpeg(),
            "/c.webp" => TestImages.WebP,
            "/huge.png" => TestImages.Png(9000, 9000),
            "/page.html" => "<html>"u8.ToArray(),
            _ => null,
        };
        if (context.Request.Query["to"].ToString() is { Length: > 0 } target) context.Response.Redirect(target);
        else if (image is null) context.Response.StatusCode = 404;
        return image is null ? Task.CompletedTask : context.Response.Body.WriteAsync(image).AsTask();
    }

    public ValueTask DisposeAsync() => app.DisposeAsync();
}
