using LmGateway.Api.Http;
using LmGateway.Vocabulary;
using Microsoft.AspNetCore.Http;

namespace LmGateway.Api.Admin;

/// <summary>The gateway's errors as the admin API gives them: <c>{"error":"text"}</c>, with <c>details</c> where there are several.</summary>
internal static class AdminErrors
{
    public static Task WriteAsync(HttpContext context, GatewayError error)
    {
        JsonReply.DescribeFailure(context, error);
        return JsonReply.WriteAsync(context, ErrorStatus.Of(error.Code), writer =>
        {
            writer.WriteStartObject();
            writer.WriteString("error", error.Message);
            if (error.Details.Count > 0)
            {
                writer.WriteStartArray("details");
                foreach (var detail in error.Details) writer.WriteStringValue(detail);
                writer.WriteEndArray();
            }

            writer.WriteEndObject();
        });
    }
}
