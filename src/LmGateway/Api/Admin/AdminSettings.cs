using LmGateway.Api.Http;
using LmGateway.Configuration;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;

namespace LmGateway.Api.Admin;

/// <summary><c>/admin/settings</c>: what the service was told, so that <c>lmgateway doctor</c> checks the service that runs.</summary>
internal static class AdminSettings
{
    public static void Map(IEndpointRouteBuilder routes) => routes.MapMethods("/admin/settings", ["GET", "HEAD"], ShowAsync).Describe(AdminNotes.Settings);

    private static Task ShowAsync(HttpContext context, LiveSettings settings) => JsonReply.WriteAsync(context, 200, json =>
    {
        var options = settings.Current;
        json.WriteStartObject();
        json.WriteStartObject("settings");
        foreach (var setting in SettingTable.All)
        {
            var text = setting.Show(setting.Get(options));
            if (!setting.About.Secret && text.Length > 0 && text != setting.Show(setting.Default)) json.WriteString(setting.Key, text);
        }

        json.WriteEndObject();
        json.WriteEndObject();
    });
}
