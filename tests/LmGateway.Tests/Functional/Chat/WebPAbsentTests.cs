using System.Diagnostics;
using System.Text.Json;
using LmGateway.Tests.Serving.Images;
using Xunit;

namespace LmGateway.Tests.Functional.Chat;

/// <summary>The service as a process of its own, on a machine without the program that reads WebP.</summary>
public sealed class WebPAbsentTests
{
    [Fact]
    [Trait("req", "S1-43")]
    public async Task Without_dwebp_the_refusal_names_the_package_and_everything_else_works()
    {
        using var process = Start();
        try
        {
            using var http = new HttpClient { BaseAddress = await AddressAsync(process) };
            var (status, body) = await ShowAsync(http, TestImages.WebP);
            var fault = (status, body).Fault();
            Assert.Equal("""["body","messages",0,"images",0]""", fault.GetProperty("loc").GetRawText());
            Assert.Contains("Install the package 'webp'", fault.GetProperty("msg").GetString());
            Assert.Equal(200, (await ShowAsync(http, TestImages.Png())).Status);
        }
        finally
        {
            process.Kill();
        }
    }

    private static Process Start()
    {
        var start = new ProcessStartInfo(Environment.ProcessPath!, [Path.Combine(AppContext.BaseDirectory, "lmgateway.dll"), "serve", "--demo", "--port", "0"])
        {
            UseShellExecute = false,
            RedirectStandardOutput = true,
            WorkingDirectory = Path.GetTempPath(),
        };
        start.Environment["PATH"] = "";
        return Process.Start(start)!;
    }

    private static async Task<Uri> AddressAsync(Process process)
    {
        while (await process.StandardOutput.ReadLineAsync().WaitAsync(TimeSpan.FromSeconds(60)) is { } line)
            if (line.TrimStart().StartsWith("listening", StringComparison.Ordinal)) return new Uri(line.Trim().Split(' ', StringSplitOptions.RemoveEmptyEntries)[1]);
        throw new InvalidOperationException("The service ended before it listened.");
    }

    private static async Task<(int Status, JsonElement Body)> ShowAsync(HttpClient http, byte[] image)
    {
        using var request = GatewayUnderTest.Request("/chat/vision", $$"""{"messages":[{"role":"user","images":[{"data_base64":"{{Convert.ToBase64String(image)}}"}]}]}""");
        using var response = await http.SendAsync(request);
        return ((int)response.StatusCode, JsonElement.Parse(await response.Content.ReadAsStringAsync()));
    }
}
