using System.Globalization;

namespace LmGateway.Bench.Rig;

/// <summary>How each server of the rig is started.</summary>
internal static class Plans
{
    public const string Key = "bench-0123456789abcdef0123456789abcdef";

    public static ServerPlan Backend(int models = 1)
    {
        var port = Server.FreePort();
        return new ServerPlan("backend", Paths.Native("backend")) { Arguments = [Text(port), Text(models)], Port = port };
    }

    /// <summary>
    /// The service as its users start it: published, with a key, and everything else as it comes (routing, scheduling, log, journal, metrics,
    /// events). The backend says that it takes any number of requests at a time.
    /// </summary>
    public static ServerPlan Gateway(params IReadOnlyList<string> backends)
    {
        var port = Server.FreePort();
        return new ServerPlan("lmgateway", Paths.Gateway) { Arguments = ["serve"], Port = port, Headers = [$"Authorization: Bearer {Key}"], Environment = GatewayEnvironment(port, backends) };
    }

    public static Dictionary<string, string> GatewayEnvironment(int port, params IReadOnlyList<string> backends) => new()
    {
        ["LMGATEWAY_LISTEN__PORT"] = Text(port),
        ["LMGATEWAY_BACKENDS"] = string.Join(',', backends),
        ["LMGATEWAY_SCHEDULING__PARALLEL"] = "1024",
        ["LMGATEWAY_STATE_DIR"] = Directory.CreateDirectory(Path.Combine(Paths.Scratch, $"state-{port}")).FullName,
        ["GATEWAY_API_KEY"] = Key,
        ["NATS_URL"] = "off",
    };

    public static string OpenAi(Server backend, int host = 1) => $"b{host}=openai@http://127.0.0.{host}:{backend.Port}";

    /// <summary>Two workers, kept connections, streams unbuffered, no log.</summary>
    public static ServerPlan Nginx(Server backend)
    {
        var (port, folder) = (Server.FreePort(), Directory.CreateDirectory(Path.Combine(Paths.Scratch, "nginx")).FullName);
        var configuration = Path.Combine(folder, "nginx.conf");
        File.WriteAllText(configuration, $$"""
            {{(Environment.IsPrivilegedProcess ? "user root;" : "")}}
            worker_processes 2;
            daemon off;
            pid {{folder}}/pid;
            error_log stderr error;
            events { worker_connections 4096; }
            http {
              access_log off;
              client_body_temp_path {{folder}}/body;
              proxy_temp_path {{folder}}/proxy;
              fastcgi_temp_path {{folder}}/fastcgi;
              uwsgi_temp_path {{folder}}/uwsgi;
              scgi_temp_path {{folder}}/scgi;
              client_max_body_size 64m;
              client_body_buffer_size 1m;
              keepalive_requests 1000000000;
              upstream backend { server 127.0.0.1:{{backend.Port}}; keepalive 1024; keepalive_requests 1000000000; }
              server {
                listen 127.0.0.1:{{port}};
                location / { proxy_pass http://backend; proxy_http_version 1.1; proxy_set_header Connection ""; proxy_buffering off; }
              }
            }
            """);
        return new ServerPlan("nginx", "nginx") { Arguments = ["-p", folder, "-c", configuration], Port = port };
    }

    public static ServerPlan Forwarder(Server backend)
    {
        var port = Server.FreePort();
        return new ServerPlan("forwarder", Paths.Forwarder) { Arguments = [Text(port), Text(backend.Port)], Port = port };
    }

    public static ServerPlan Portkey(Server backend)
    {
        var port = Server.FreePort();
        return new ServerPlan("portkey", "node")
        {
            Arguments = [Paths.Portkey, $"--port={port}", "--headless"],
            Port = port,
            Headers = ["x-portkey-provider: openai", $"x-portkey-custom-host: http://127.0.0.1:{backend.Port}/v1", "Authorization: Bearer bench"],
            ReadyPath = "/",
            Environment = new Dictionary<string, string> { ["TRUSTED_CUSTOM_HOSTS"] = "127.0.0.1,localhost", ["NODE_ENV"] = "production" },
        };
    }

    private static string Text(int number) => number.ToString(CultureInfo.InvariantCulture);
}
