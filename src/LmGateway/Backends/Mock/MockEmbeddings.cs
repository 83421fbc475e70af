using System.Security.Cryptography;
using System.Text;

namespace LmGateway.Backends.Mock;

/// <summary>A vector for each text: the same text always has the same one, of length 1.</summary>
internal static class MockEmbeddings
{
    public static byte[] Write(MockRequest request) => MockAnswer.Json(writer =>
    {
        writer.WriteString("object", "list");
        writer.WriteStartArray("data");
        for (var index = 0; index < request.Inputs.Count; index++)
        {
            writer.WriteStartObject();
            writer.WriteString("object", "embedding");
            writer.WriteNumber("index", index);
            writer.WriteStartArray("embedding");
            foreach (var number in Vector(request.Inputs[index])) writer.WriteNumberValue(number);
            writer.WriteEndArray();
            writer.WriteEndObject();
        }

        writer.WriteEndArray();
        writer.WriteString("model", request.Model);
        writer.WriteStartObject("usage");
        writer.WriteNumber("prompt_tokens", request.PromptTokens);
        writer.WriteNumber("total_tokens", request.PromptTokens);
        writer.WriteEndObject();
    });

    private static float[] Vector(string text)
    {
        var hash = SHA256.HashData(Encoding.UTF8.GetBytes(text));
        var numbers = hash.Select(piece => (piece - 127.5f) / 127.5f).ToArray();
        var length = MathF.Sqrt(numbers.Sum(number => number * number));
        return [.. numbers.Select(number => number / length)];
    }
}
